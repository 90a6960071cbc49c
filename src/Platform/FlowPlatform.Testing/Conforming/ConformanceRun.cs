using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Testing.Conforming;

/// <summary>Takes one projection through everything, and stops at the first thing that it doesn't keep. Used once.</summary>
internal sealed partial class ConformanceRun : IDisposable
{
    private readonly ConformanceOptions options;
    private readonly Subject subject;
    private readonly Subject later;
    private readonly List<LogRecord> order;
    private readonly IReadOnlyList<int> positions;
    private readonly Dictionary<int, string> prefixes = [];
    private readonly HashSet<string> writing = new(StringComparer.Ordinal);
    private readonly List<string> passed = [];
    private readonly long started = TimeProvider.System.GetTimestamp();
    private readonly TemporaryDirectory directory = new();
    private int files;
    private string? template;
    private string reference = "";

    public ConformanceRun(Type type, SteppedFlow first, SteppedFlow second, EventHistory history, ConformanceOptions options)
    {
        this.options = options;
        subject = new Subject(type, first, history);
        later = new Subject(type, second, history);
        order = Arrival.Shuffle(subject.History.Records, record => record.Partition, options.Seed);
        positions = Arrival.Choose(order.Count, options.Positions, options.Seed);
    }

    public async Task<ConformanceReport> CheckAsync()
    {
        ThrowIfNothingToSee();
        await FoldOnceAsync();
        await CheckAsync("the same rows a second time", FoldAgainAsync);
        await CheckAsync("old versions", UpcastAsync);
        await CheckAsync("a crash before the rows", () => CrashAsync(Crash.BeforeRows, "a crash before its rows"));
        await CheckAsync("a crash between rows and commit", () => CrashAsync(Crash.BeforeCommit, "a crash after its rows and before the commit"));
        await CheckAsync("a crash between commit and the reader's next position", () => RestartAsync(again: true, "a crash after its commit, when everything is delivered again"));
        await CheckAsync("a restart between batches", () => RestartAsync(again: false, "a restart after it"));
        await CheckAsync("other batches", BatchOtherwiseAsync);
        await CheckAsync("every event and every batch delivered twice", DeliverTwiceAsync);
        await CheckAsync("other interleavings", InterleaveAsync);
        await CheckAsync("poison", PoisonAsync);
        await CheckAsync("a rebuild", RebuildAsync);

        return new ConformanceReport(subject.Name, order.Count, [.. positions.Select(position => position + 1)], options.Seed, passed);
    }

    public void Dispose() => directory.Dispose();

    private void ThrowIfNothingToSee()
    {
        var projection = subject.Create();
        var absent = projection.Accepts.Except(subject.Types).Order(StringComparer.Ordinal).ToList();
        if (absent.Count > 0)
        {
            throw new FlowTestException(
                $"The history has no {string.Join(", no ", absent)} in {string.Join(", ", subject.Streams)}, which {subject.Name} takes and reads: the check would say nothing about it. "
                + "Old versions that it takes by upcasting belong into the history, too.");
        }

        if (subject.Partitions.Count < 2 || order.Select(record => record.Event.Key).Distinct(StringComparer.Ordinal).Count() < 2)
        {
            throw new FlowTestException($"All events that {subject.Name} takes are of one partition, or of one key: there is nothing to interleave, and nobody to flow on beside a parked key.");
        }

        if (subject.Migrations.Count == 0)
        {
            throw new FlowTestException($"{subject.Name} has no tables: there is no Schema/{subject.Name}/0001_….sqlite.sql in its assembly.");
        }
    }

    /// <summary>Event by event: what its rows are after each position, and which events change any.</summary>
    private async Task FoldOnceAsync()
    {
        await using var life = await StartAsync(subject);
        for (var index = 0; index < order.Count; index++)
        {
            ThrowIfLate("the first fold");
            await life.ApplyAsync([order[index]]);
            ThrowIfParked(life, $"the first fold, one event at a time, at {Show(index)}");
            if (life.Projection.Changes > 0)
            {
                writing.Add(order[index].Event.Id);
            }

            if (positions.Contains(index))
            {
                prefixes[index] = await Tables.HashAsync(life.Store);
            }
        }

        reference = await Tables.HashAsync(life.Store);
        if (writing.Count == 0)
        {
            throw new FlowTestException($"{subject.Name} changes no row at any event of the history: the check would say nothing.");
        }
    }

    private async Task CheckAsync(string what, Func<Task<bool>> check)
    {
        ThrowIfLate(what);
        if (await check())
        {
            passed.Add(what);
        }
    }

    /// <summary>A store with empty tables. That they are made once saves a dozen transactions a life.</summary>
    private async Task<string> NewFileAsync()
    {
        if (template is null)
        {
            template = Path.Combine(directory.Path, "empty.db");
            await (await Life.StartAsync(subject, template)).DisposeAsync();
        }

        var file = Path.Combine(directory.Path, $"{++files}.db");
        File.Copy(template, file);
        return file;
    }

    private async Task<Life> StartAsync(Subject of, string? file = null) => await Life.StartAsync(of, file ?? await NewFileAsync());

    /// <summary>Compares with what the reference was after a position; null: at the end.</summary>
    private async Task RequireAsync(IStore found, int? position, string what, string why)
    {
        if (await Tables.HashAsync(found) == (position is { } at ? prefixes[at] : reference))
        {
            return;
        }

        await using var expected = await StartAsync(subject);
        for (var index = 0; index <= (position ?? order.Count - 1); index++)
        {
            await expected.ApplyAsync([order[index]]);
        }

        throw await FailureAsync(expected.Store, found, what, why);
    }

    private async Task<FlowTestException> FailureAsync(IStore expected, IStore found, string what, string why)
    {
        var rows = await RowDiff.OfAsync(expected, found);
        return new FlowTestException(string.Join(
            Environment.NewLine,
            [$"{subject.Name} does not conform: {what} (seed {options.Seed}).", why, .. rows.DefaultIfEmpty("Another fold of the same events has these rows, too: they differ from time to time.")]));
    }

    private void ThrowIfParked(Life life, string when)
    {
        if (life.Parked is { } parked)
        {
            throw new FlowTestException($"{subject.Name} can't apply {Show(parked.Record)}: {when} (seed {options.Seed}): {parked.InnerException!.Message}", parked.InnerException);
        }
    }

    private void ThrowIfLate(string doing)
    {
        TestRun.Cancellation().ThrowIfCancellationRequested();
        if (TimeProvider.System.GetElapsedTime(started) > options.Limit)
        {
            throw new FlowTestException(
                $"{subject.Name} was not checked within {options.Limit.TotalSeconds:0.##} s: it was at {doing}. Passed until then: {string.Join("; ", passed.DefaultIfEmpty("nothing"))}. "
                + $"Give it a shorter history than {order.Count} events, fewer positions than {positions.Count}, or more time.");
        }
    }

    private string Show(int position) => $"event {position + 1} of {order.Count}, {Show(order[position])}";

    private static string Show(LogRecord record) => $"{record.Event.Type} {record.Event.Id} of key {record.Event.Key} ({record.Partition} offset {record.Offset})";
}
