using System.Globalization;
using System.Text;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Testing;

/// <summary>Checks what every reactor must keep. Each run is on a service of its own, in which nothing runs by itself. Safe for concurrent use.</summary>
public static class Reactors
{
    /// <summary>
    /// Checks rule P7: whoever decides again about the same events decides the same, under the same ids. Delivers the history twice, in one order but in other transactions and at another time of the clock,
    /// and compares all events and commands: id, type, key, event time, cause and content.
    /// </summary>
    /// <param name="start">Starts the service; called twice.</param>
    /// <param name="history">What its reactors get; something must come of it.</param>
    /// <param name="seed">Which order.</param>
    /// <exception cref="FlowTestException">The runs differ: it shows the first difference. Or nothing was decided.</exception>
    public static async Task AreDeterministicAsync(Func<Task<SteppedFlow>> start, EventHistory history, int seed = 1)
    {
        ArgumentNullException.ThrowIfNull(history);
        var batches = history.Interleave(seed).ToList();
        var first = await DecideAsync(start, batches, later: TimeSpan.Zero);
        var second = await DecideAsync(start, batches.SelectMany(batch => batch).Select(record => (IReadOnlyList<LogRecord>)[record]), later: TimeSpan.FromHours(31.7));
        if (first.Count == 0)
        {
            throw new FlowTestException("The reactors decided nothing about this history: the check would say nothing.");
        }

        for (var index = 0; index < Math.Max(first.Count, second.Count); index++)
        {
            var (one, other) = (first.ElementAtOrDefault(index), second.ElementAtOrDefault(index));
            if (one != other)
            {
                throw new FlowTestException(
                    $"The same events were decided about twice, and not alike (rule P7): the same fact would exist under two ids, or two facts under one.{Environment.NewLine}"
                    + $"  first:  {one ?? "nothing"}{Environment.NewLine}  second: {other ?? "nothing"}");
            }
        }
    }

    /// <summary>
    /// Checks that reactors take their events in whatever order the streams come: delivers the history in seeded interleavings, each to a fresh service. Every event must be accepted;
    /// what must hold in the end, the caller says.
    /// </summary>
    /// <param name="start">Starts the service; called once for each interleaving.</param>
    /// <param name="history">What its reactors get.</param>
    /// <param name="check">Called after each interleaving, with the service; throws if it did not end as it must.</param>
    /// <param name="interleavings">How many; default 24.</param>
    /// <param name="firstSeed">Seed of the first; the others follow it. A failure names the seed.</param>
    /// <exception cref="FlowTestException">A handler or the check failed: the inner exception is why.</exception>
    public static async Task AcceptAnyOrderAsync(Func<Task<SteppedFlow>> start, EventHistory history, Func<SteppedFlow, Task>? check = null, int interleavings = 24, int firstSeed = 1)
    {
        ArgumentNullException.ThrowIfNull(start);
        ArgumentNullException.ThrowIfNull(history);
        if (history.ByPartition.Count < 2)
        {
            throw new FlowTestException("The history has one partition: there is one order.");
        }

        for (var seed = firstSeed; seed < firstSeed + interleavings; seed++)
        {
            await using var flow = await start();
            List<LogRecord> delivered = [];
            foreach (var record in history.Interleave(seed).SelectMany(batch => batch))
            {
                delivered.Add(record);
                await DeliverAsync(flow, delivered, seed);
            }

            await CheckAsync(flow, check, seed);
        }
    }

    private static async Task DeliverAsync(SteppedFlow flow, List<LogRecord> delivered, int seed)
    {
        var record = delivered[^1];
        try
        {
            await flow.DeliverAsync([record]);
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            var before = delivered.SkipLast(1).Where(earlier => earlier.Event.Key == record.Event.Key).Select(earlier => earlier.Event.Type).ToList();
            throw new FlowTestException(
                $"'{flow.Service}' does not accept {record.Event.Type} of key {record.Event.Key} after {(before.Count == 0 ? "nothing" : string.Join(", ", before))} (seed {seed}, event {delivered.Count}): {failed.Message}",
                failed);
        }
    }

    private static async Task CheckAsync(SteppedFlow flow, Func<SteppedFlow, Task>? check, int seed)
    {
        try
        {
            await (check?.Invoke(flow) ?? Task.CompletedTask);
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            throw new FlowTestException($"'{flow.Service}' did not end as it must (seed {seed}): {failed.Message}", failed);
        }
    }

    private static async Task<List<string>> DecideAsync(Func<Task<SteppedFlow>> start, IEnumerable<IReadOnlyList<LogRecord>> batches, TimeSpan later)
    {
        await using var flow = await start();
        flow.Clock.Advance(later);
        List<string> decided = [];
        foreach (var batch in batches)
        {
            await flow.DeliverAsync(batch);
        }

        decided.AddRange((await flow.TakeEmittedAsync()).Select(record => Show(record.Partition, record.Event)));
        decided.AddRange((await flow.TakeCommandsAsync()).Select(Show));
        return decided;
    }

    private static string Show(PartitionId partition, EventEnvelope @event) => string.Create(
        CultureInfo.InvariantCulture,
        $"{@event.Type} {@event.Id} to {partition} at {@event.Time:O}, key {@event.Key}, caused by {@event.CausationId} in {@event.CorrelationId}: {Encoding.UTF8.GetString(@event.Data.Span)}");

    private static string Show(PendingCommand command) => string.Create(
        CultureInfo.InvariantCulture,
        $"command {command.Name} {command.Id} at {command.Time:O}, caused by {command.CausationId} in {command.CorrelationId}: {Encoding.UTF8.GetString(command.Body.Span)}");
}
