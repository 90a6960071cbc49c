using System.Collections;
using System.Globalization;
using FlowPlatform.Tests.StoreWriting;

// A process that writes to a store: StoreWriter WRITER UNITS AT-ONCE [keyed]. It runs units, so many at once, and says the number of each when it is committed.
var (writer, units, atOnce, keyed) = (args[0], Number(args[1]), Number(args[2]), args is [.., "keyed"]);
await using var store = Writing.Create(Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(entry => (string)entry.Key, entry => (string)entry.Value!));
await store.OpenAsync(CancellationToken.None);
await Parallel.ForEachAsync(Enumerable.Range(1, units), new ParallelOptions { MaxDegreeOfParallelism = atOnce }, async (number, cancellationToken) =>
{
    await Writing.WriteAsync(store, writer, number, keyed, cancellationToken);
    Console.WriteLine(number.ToString(CultureInfo.InvariantCulture));
});

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
