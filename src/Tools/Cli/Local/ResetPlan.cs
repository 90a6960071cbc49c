namespace FlowPlatform.Cli;

/// <summary>Something that will be deleted.</summary>
internal sealed record ResetPart(string Path, string What, long Bytes);

/// <summary>What will be deleted, and how it is asked for. Nothing of it is, until <see cref="Execute"/>.</summary>
internal sealed class ResetPlan
{
    private ResetPlan(IReadOnlyList<ResetPart> parts, string question, string afterwards, Action execute) => (Parts, Question, Afterwards, this.execute) = (parts, question, afterwards, execute);

    private readonly Action execute;

    public IReadOnlyList<ResetPart> Parts { get; }

    public string Question { get; }

    public string Afterwards { get; }

    /// <summary>What might have been meant and stays, with the reason.</summary>
    public IReadOnlyList<string> Kept { get; private init; } = [];

    public long Bytes => Parts.Sum(part => part.Bytes);

    /// <summary>All stores and the log together: each alone would contradict the others.</summary>
    public static ResetPlan OfEverything(DataDirectory data)
    {
        RequireIdle(data);
        var leftovers = data.Leftovers;
        List<ResetPart> parts = [.. data.Entries().Where(entry => entry.Bytes > 0 || entry.Kind is not DataKind.Settings).Select(entry => new ResetPart(Path.Combine(data.FullPath, entry.Name), WhatOf(entry.Kind), entry.Bytes))];
        parts.AddRange(leftovers.Select(left => new ResetPart(left, "left by an earlier reset", DataEntry.SizeOf(new DirectoryInfo(left)))));
        return new ResetPlan(parts, $"Delete {data.FullPath} with everything in it ({Size.Of(parts.Sum(part => part.Bytes))})?", "The next start of the AppHost begins anew.", () =>
        {
            data.Delete();
            foreach (var left in leftovers)
            {
                Directory.Delete(left, recursive: true);
            }
        });
    }

    /// <summary>Runs that go on are left alone.</summary>
    public static ResetPlan OfRuns(DataDirectory data)
    {
        var busy = data.Runs.ToLookup(run => run.WhyBusy());
        var ended = busy[null].ToList();
        List<ResetPart> parts = [.. ended.Select(run => new ResetPart(run.FullPath, "an ended run", DataEntry.SizeOf(new DirectoryInfo(run.FullPath))))];
        return new ResetPlan(parts, $"Delete {parts.Count} ended runs ({Size.Of(parts.Sum(part => part.Bytes))})?", "", () => ended.ForEach(run => run.Delete()))
        {
            Kept = [.. busy.Where(run => run.Key is not null).Select(run => run.Key!)],
        };
    }

    /// <summary>A generation is a fold of the log and nothing else, with its own position; its service's main store stays, and with it what was given up, which the new fold skips, too.</summary>
    public static ResetPlan OfProjection(DataDirectory data, string projection)
    {
        if (projection.Split('/') is not [{ Length: > 0 } service, { Length: > 0 } name])
        {
            throw new CliException(ExitCode.Misuse, $"--projection is '{projection}'; it is a service and a projection of it, as orders/order-status.");
        }

        RequireIdle(data);
        var store = data.Entries().FirstOrDefault(entry => entry.Name == service && entry.Kind is DataKind.Store)
            ?? throw new CliException(ExitCode.Misuse, $"{data.FullPath} has no store of '{service}'. It has: {Listed(data.Entries().Where(entry => entry.Kind is DataKind.Store).Select(entry => entry.Name))}.");
        var files = new DirectoryInfo(Path.Combine(data.FullPath, store.Name)).EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal).ToList();
        var own = files.Where(file => ProjectionOf(file.Name) == name).ToList();
        if (own.Count == 0)
        {
            throw new CliException(ExitCode.Misuse, $"{service} has no projection '{name}' in SQLite files. It has: {Listed(files.Select(file => ProjectionOf(file.Name)).OfType<string>().Distinct())}.");
        }

        return new ResetPlan(
            [.. own.Select(file => new ResetPart(file.FullName, "rows and position of a projection", file.Length))],
            $"Delete the rows of {service}/{name}, so that it is folded anew from the log?",
            $"{service}/{name} is folded anew when {service} starts.",
            () => own.ForEach(file => file.Delete()));
    }

    public void Execute() => execute();

    private static void RequireIdle(DataDirectory data)
    {
        if (data.WhyBusy() is { } busy)
        {
            throw new CliException(ExitCode.Refused, busy);
        }
    }

    /// <summary><c>order-status</c> of <c>order-status.g1.db-wal</c>; null for the main store.</summary>
    private static string? ProjectionOf(string file) => file.Split('.') is [var name, ['g', .. var generation], "db" or "db-wal" or "db-shm"] && generation.All(char.IsAsciiDigit) ? name : null;

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names.DefaultIfEmpty("none"));

    private static string WhatOf(DataKind kind) => kind switch
    {
        DataKind.Store => "a service's store",
        DataKind.Streams => "streams and queues",
        DataKind.Database => "stores in Postgres",
        DataKind.Consoles => "consoles",
        DataKind.Telemetry => "telemetry",
        _ => "settings",
    };
}
