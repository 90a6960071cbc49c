using System.Data.Common;

namespace FlowPlatform.Simulation;

/// <summary>A service's own rows, of numbers: a statement for each read and each write, so that what others write in between is lost unless somebody sees to it.</summary>
internal sealed class Rows(DbConnection connection)
{
    private readonly SimulatedConnection connection = (SimulatedConnection)connection;

    public static string Shelf(int item) => $"shelf {item}";

    public async ValueTask AddAsync(string name, long amount) => await WriteAsync(name, await ReadAsync(name) + amount);

    /// <summary>A number that tells in which order, and how often each, everything was applied.</summary>
    public async ValueTask ChainAsync(string name, string id) => await WriteAsync(name, Link(await ReadAsync(name), id));

    public static long Link(long chain, string id)
    {
        foreach (var letter in id)
        {
            chain = unchecked((chain * 1_000_003) + letter);
        }

        return chain;
    }

    private async ValueTask<long> ReadAsync(string name)
    {
        var seen = await connection.ReadAsync();
        return (connection.Stale is { } stale && !connection.Written.Contains(name) ? stale : seen).Values.GetValueOrDefault(name);
    }

    private async ValueTask WriteAsync(string name, long value)
    {
        await connection.LockAsync(Row.Value(name));
        connection.Written.Add(name);
        connection.Change(snapshot => snapshot with { Values = snapshot.Values.SetItem(name, value) });
    }
}
