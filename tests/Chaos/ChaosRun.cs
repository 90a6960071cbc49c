using FlowPlatform.Chaos.Checking;
using FlowPlatform.Chaos.Faults;
using FlowPlatform.Chaos.Plan;
using FlowPlatform.Chaos.Running;
using FlowPlatform.Chaos.Watching;

namespace FlowPlatform.Chaos;

/// <summary>One run: starts the system, makes the faults of the plan, waits for quiet, checks, tells, and ends everything that it started.</summary>
internal sealed class ChaosRun(ChaosOptions options, TextWriter output, TimeProvider time)
{
    private const int Failed = 1;
    private const int Interrupted = 130;
    private const long SqliteDiskBytes = 384L << 20;
    private const long PostgresDiskBytes = 1536L << 20;

    /// <summary>The input goes on a little longer than the faults, so that there is something to recover to.</summary>
    private static readonly TimeSpan InputBeyondFaults = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan FlowLimit = TimeSpan.FromMinutes(2);

    private readonly Lock telling = new();

    /// <returns>0: everything holds. 1: it doesn't. 130: interrupted.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        var folder = Directory.CreateTempSubdirectory("flow-chaos-").FullName;
        var whole = false;
        try
        {
            var noDisk = options.Kinds.Contains(FaultKind.FillDisk) ? await SmallDisk.WhyNotAsync(Path.Combine(folder, "probe"), cancellationToken) : null;
            var topology = options.TopologyWith(noDisk is null);
            var plan = FaultPlan.Make(options.Seed, options.Length, options.Faults, topology, options.Kinds);
            Tell(FormattableString.Invariant($"seed {options.Seed}: {plan.Count} faults in {options.Length.TotalMinutes:0.##} min; stores {options.Stores}, {options.BrokerNodes} broker node(s), processes {string.Join(' ', topology.Services)}"));
            if (noDisk is not null)
            {
                Tell($"No disk is filled: {noDisk}.");
            }

            if (options.PlanOnly)
            {
                plan.ToList().ForEach(fault => Tell(fault.ToString()));
                whole = true;
                return 0;
            }

            whole = await RunAsync(folder, topology, plan, cancellationToken);
            return whole ? 0 : Failed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            Tell("interrupted; everything is ended");
            whole = true;
            return Interrupted;
        }
        catch (ChaosException fault)
        {
            Tell($"FAILED: {fault.Message}");
            return Failed;
        }
        finally
        {
            if (whole && !options.Keep)
            {
                Directory.Delete(folder, recursive: true);
            }
            else
            {
                Tell($"The state is kept in {folder}");
            }
        }
    }

    private async Task<bool> RunAsync(string folder, Topology topology, IReadOnlyList<Fault> plan, CancellationToken cancellationToken)
    {
        var data = Path.Combine(folder, "data");
        var length = options.Length + InputBeyondFaults;
        var input = await InputFile.PrepareAsync(options.Dataset, Math.Max(1, (int)(options.Rate * length.TotalSeconds)), options.Seed, folder, cancellationToken);
        Tell(FormattableString.Invariant($"input: {input.Figures.Orders} orders, {input.Figures.Returns} returns of {(options.Dataset is null ? "a synthetic file" : Path.GetFileName(options.Dataset))}"));
        await using var detours = new Detours(data, topology, time);
        await using var system = await StartAsync(data, topology, input, length, detours, cancellationToken);
        using var board = new StatusBoard(system, time);
        using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var asking = board.RunAsync(watching.Token);
        try
        {
            await system.UntilAsync("events flow through all streams", () => board.LastSequences() is { Count: > 0 } last && last.Values.All(sequence => sequence > 0), FlowLimit, cancellationToken);
            var (began, before) = (time.GetTimestamp(), board.Events);
            var recoveries = await MakeAllAsync(system, board, detours, plan, began, cancellationToken);
            Tell("all faults are over; waiting for the rest of the input and for quiet …");
            var findings = await new SystemCheck(system, board, input, time).RunAsync(cancellationToken);
            Summary.Write(Tell, options, recoveries, findings, before, time.GetElapsedTime(began));
            var holds = findings.Failures.Count == 0 && recoveries.All(recovery => !recovery.Made || recovery.Took is not null);
            if (!holds)
            {
                await KeepAsync(system, topology, data);
            }

            return holds;
        }
        finally
        {
            await watching.CancelAsync();
            await asking;
        }
    }

    private Task<HostedSystem> StartAsync(string data, Topology topology, InputFile input, TimeSpan length, Detours detours, CancellationToken cancellationToken)
    {
        List<string> flags = ["--no-dashboard", "--dataset", input.Path, "--speed", input.SpeedFor(length), "--stores", options.Stores];
        if (options.BrokerNodes > 1)
        {
            flags.AddRange(["--broker-nodes", FormattableString.Invariant($"{options.BrokerNodes}")]);
        }

        flags.AddRange(options.Replicas.SelectMany(replica => new[] { "--replicas", FormattableString.Invariant($"{replica.Key}={replica.Value}") }));
        var disk = topology.SmallDisk is { } store ? new SmallDisk(Path.Combine(data, store), topology.OnPostgres ? PostgresDiskBytes : SqliteDiskBytes) : null;
        return HostedSystem.StartAsync(data, topology, flags, detours.Settings, disk, time, cancellationToken);
    }

    private async Task<IReadOnlyList<Recovery>> MakeAllAsync(
        HostedSystem system, StatusBoard board, Detours detours, IReadOnlyList<Fault> plan, long began, CancellationToken cancellationToken)
    {
        // If one of them fails in an unforeseen way, the others are undone, too.
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var injector = new FaultInjector(system, detours, time);
        var watch = new RecoveryWatch(system, board, time);
        var all = plan.Select(fault => MakeAsync(fault, injector, watch, began, stopping.Token)).ToList();
        try
        {
            await foreach (var done in Task.WhenEach(all))
            {
                await done;
            }
        }
        catch
        {
            await stopping.CancelAsync();
            await Task.WhenAll(all).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            throw;
        }

        return await Task.WhenAll(all);
    }

    private async Task<Recovery> MakeAsync(Fault fault, FaultInjector injector, RecoveryWatch watch, long began, CancellationToken cancellationToken)
    {
        if (fault.At - time.GetElapsedTime(began) is { Ticks: > 0 } early)
        {
            await Task.Delay(early, time, cancellationToken);
        }

        if (await injector.MakeAsync(fault, cancellationToken) is not { } made)
        {
            Tell($"{fault}: not there to be hit");
            return new Recovery(fault, Made: false, null, []);
        }

        var begun = time.GetTimestamp();
        var watched = watch.WatchAsync(fault, made, begun, cancellationToken);
        await made.Over;
        var recovery = await watched;
        Tell(recovery.Took is { } took ? FormattableString.Invariant($"{fault}: on after {took.TotalSeconds:0.0} s") : $"{fault}: NOT on after {RecoveryWatch.Limit.TotalSeconds:0} s: {string.Join("; ", recovery.Stuck.Take(5))}");
        return recovery;
    }

    /// <summary>What lies on the small disk is gone when the last process of its namespace is. Copied by a program that heeds no locks.</summary>
    private static async Task KeepAsync(HostedSystem system, Topology topology, string data)
    {
        if (topology.SmallDisk is { } store)
        {
            using var copy = System.Diagnostics.Process.Start("cp", ["-a", system.Inside(Path.Combine(data, store)), data]);
            await copy.WaitForExitAsync();
        }
    }

    private void Tell(string line)
    {
        lock (telling)
        {
            output.WriteLine(line);
            output.Flush();
        }
    }
}
