using FlowPlatform.Consumers;
using FlowPlatform.Log;

namespace FlowPlatform.Testing;

/// <summary>Folds histories with a projection, and checks what every projection must keep. Safe for concurrent use.</summary>
public static class Projections
{
    private const int RowsShown = 5;
    private const int EventsShown = 20;

    /// <summary>Folds a history in one of the orders in which a consumer may see it.</summary>
    /// <param name="projection">The projection.</param>
    /// <param name="history">The history.</param>
    /// <param name="seed">Which order.</param>
    /// <param name="postgres">Connection string of a database to fold in, in a schema of its own; default: a SQLite file.</param>
    public static Task<ProjectionFold> FoldAsync(Projection projection, EventHistory history, int seed = 1, string? postgres = null) => FoldAsync(projection, history.Interleave(seed), postgres);

    /// <summary>Folds batches of records, each in one transaction.</summary>
    /// <param name="projection">The projection.</param>
    /// <param name="batches">The batches.</param>
    /// <param name="postgres">Connection string of a database to fold in, in a schema of its own; default: a SQLite file.</param>
    /// <exception cref="FlowTestException">A handler failed; the inner exception is why. Or the projection has no tables.</exception>
    public static async Task<ProjectionFold> FoldAsync(Projection projection, IEnumerable<IReadOnlyList<LogRecord>> batches, string? postgres = null)
    {
        ArgumentNullException.ThrowIfNull(projection);
        var fold = await ProjectionFold.CreateAsync(projection, postgres);
        try
        {
            foreach (var batch in batches)
            {
                await ApplyAsync(projection, fold, batch);
            }

            return fold;
        }
        catch
        {
            await fold.DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Checks rule C5: a projection's rows depend on the order within each partition only, not on how partitions are interleaved nor on how events are cut into transactions. Folds the history partition
    /// by partition, and in seeded interleavings and batchings, and compares hashes of all tables.
    /// </summary>
    /// <param name="projection">The projection.</param>
    /// <param name="history">Has events of every type that it handles, in at least two partitions: else there would be nothing to see.</param>
    /// <param name="interleavings">How many; default 24.</param>
    /// <param name="firstSeed">Seed of the first; the others follow it. A failure names the seed.</param>
    /// <param name="postgres">Connection string of a database to fold in; default: SQLite files. A fold takes about ten times as long there, so take fewer interleavings.</param>
    /// <exception cref="FlowTestException">Rows differ: it shows them and the events that touch them. Or the history can't show anything.</exception>
    public static async Task AreCommutativeAsync(Projection projection, EventHistory history, int interleavings = 24, int firstSeed = 1, string? postgres = null)
    {
        ThrowIfNothingToSee(projection, history);
        await using var expected = await FoldAsync(projection, history.PartitionsBackwards(), postgres);
        await ThrowIfEmptyAsync(projection, expected);
        var hash = await Tables.HashAsync(expected.Store);
        for (var seed = firstSeed; seed < firstSeed + interleavings; seed++)
        {
            var batches = history.Interleave(seed).ToList();
            await using var folded = await FoldAsync(projection, batches, postgres);
            if (await Tables.HashAsync(folded.Store) != hash)
            {
                throw new FlowTestException(await ExplainAsync(projection, batches, expected, folded, seed));
            }
        }
    }

    private static async Task ApplyAsync(Projection projection, ProjectionFold fold, IReadOnlyList<LogRecord> batch)
    {
        try
        {
            await fold.ApplyAsync(batch);
        }
        catch (Exception failed) when (failed is not OperationCanceledException)
        {
            throw new FlowTestException(
                $"{projection.Name} can't apply {batch.Count} events, from {Show(batch[0])} to {Show(batch[^1])}: {failed.Message}", failed);
        }
    }

    private static void ThrowIfNothingToSee(Projection projection, EventHistory history)
    {
        ArgumentNullException.ThrowIfNull(projection);
        ArgumentNullException.ThrowIfNull(history);
        var absent = projection.Handles.Except(history.Records.Select(record => record.Event.Type)).Order(StringComparer.Ordinal).ToList();
        if (absent.Count > 0)
        {
            throw new FlowTestException($"The history has no {string.Join(", no ", absent)}, which {projection.Name} handles: the check would say nothing about it.");
        }

        if (history.ByPartition.Count(records => records.Any(projection.Wants)) < 2)
        {
            throw new FlowTestException($"All events that {projection.Name} handles are in one partition: there is nothing to interleave. Give the history other keys, or other streams.");
        }
    }

    private static async Task ThrowIfEmptyAsync(Projection projection, ProjectionFold fold)
    {
        foreach (var table in await Tables.NamesAsync(fold.Store))
        {
            if ((await Tables.DumpAsync(fold.Store, table)).Count > 0)
            {
                return;
            }
        }

        throw new FlowTestException($"{projection.Name} leaves all its tables empty: the check would say nothing.");
    }

    private static async Task<string> ExplainAsync(Projection projection, IReadOnlyList<IReadOnlyList<LogRecord>> batches, ProjectionFold expected, ProjectionFold folded, int seed)
    {
        List<string> lines = [$"{projection.Name} depends on the order in which partitions are interleaved, or on how events are cut into transactions (seed {seed}):"];
        foreach (var table in await Tables.NamesAsync(expected.Store))
        {
            var (before, after) = (await Tables.DumpAsync(expected.Store, table), await Tables.DumpAsync(folded.Store, table));
            var (lost, gained) = (before.Except(after).ToList(), after.Except(before).ToList());
            if (lost.Count + gained.Count == 0 && before.Count == after.Count)
            {
                continue;
            }

            lines.Add($"Table {table}, partition by partition:");
            lines.AddRange(lost.Take(RowsShown).Select(row => $"  {row}"));
            lines.Add($"Table {table}, interleaved:");
            lines.AddRange(gained.Take(RowsShown).Select(row => $"  {row}"));
            lines.AddRange(Touching(projection, batches, lost.Concat(gained).FirstOrDefault() ?? ""));
            break;
        }

        return string.Join(Environment.NewLine, lines);
    }

    /// <summary>Events whose key stands in the row.</summary>
    private static IEnumerable<string> Touching(Projection projection, IReadOnlyList<IReadOnlyList<LogRecord>> batches, string row)
    {
        var values = row.Split('|').Select(cell => cell[(cell.IndexOf('=', StringComparison.Ordinal) + 1)..]).ToHashSet(StringComparer.Ordinal);
        var touching = batches.SelectMany((batch, index) => batch.Where(record => projection.Wants(record) && values.Contains(record.Event.Key)).Select(record => $"  transaction {index + 1}: {Show(record)}")).ToList();
        return touching.Count == 0 ? [] : touching.Take(EventsShown).Prepend("Interleaved, these came to the first of the rows, in this order:");
    }

    private static string Show(LogRecord record) => $"{record.Event.Type} {record.Event.Id} of key {record.Event.Key} ({record.Partition} offset {record.Offset})";
}
