using FlowPlatform.Chaos.Faults;
using FlowPlatform.Chaos.Plan;
using FlowPlatform.Chaos.Running;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Chaos.Watching;

/// <summary>What became of a fault.</summary>
/// <param name="Fault">As planned.</param>
/// <param name="Made">False: its target was not there to be hit.</param>
/// <param name="Took">From the fault until everything affected went on; null if that never came.</param>
/// <param name="Stuck">What had not gone on.</param>
internal sealed record Recovery(Fault Fault, bool Made, TimeSpan? Took, IReadOnlyList<string> Stuck);

/// <summary>
/// Measures from a fault to the moment when what it affects goes on. A killed process must have a successor that answers. Of every service affected, each consumer must be farther in each partition, and
/// each of its streams must have more confirmed, than in the first answer after the fault; what has nothing to do (the input has pauses) is left out, if that stays so for a while.
/// </summary>
internal sealed class RecoveryWatch(HostedSystem system, StatusBoard board, TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan RestLength = TimeSpan.FromSeconds(2);

    /// <summary>What was received before a link fell silent is still worked off; only then it can be seen who stands still.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    /// <summary>Longest wait.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public async Task<Recovery> WatchAsync(Fault fault, MadeFault made, long begun, CancellationToken cancellationToken)
    {
        var before = new Dictionary<string, Standing>(StringComparer.Ordinal);
        var waiting = Affected(fault).ToList();
        IReadOnlyList<string> stuck = [];
        var since = fault.Kind == FaultKind.SilenceLinks ? begun + (long)(Settling.TotalSeconds * time.TimestampFrequency) : begun;
        var rest = begun;
        while (time.GetElapsedTime(begun) < Limit)
        {
            var (still, restless) = Look(waiting, before, ref stuck);
            if (IsReplaced(fault, made.Victim, begun) && still.Count == 0)
            {
                return new Recovery(fault, Made: true, time.GetElapsedTime(begun), []);
            }

            rest = restless ? time.GetTimestamp() : rest;
            waiting = still;
            await Task.Delay(Interval, time, cancellationToken);
        }

        return new Recovery(fault, Made: true, null, stuck);

        (List<string> Still, bool Restless) Look(List<string> services, Dictionary<string, Standing> first, ref IReadOnlyList<string> unmoved)
        {
            var last = board.LastSequences();
            var left = new List<string>();
            var found = new List<string>();
            var any = false;
            foreach (var service in services)
            {
                if (Standing.Of(board.Of(service, since), last) is not { } now)
                {
                    found.Add($"{service} doesn't answer");
                    left.Add(service);
                    any = true;
                }
                else if (!first.TryGetValue(service, out var then))
                {
                    first[service] = now;
                    left.Add(service);
                    any = true;
                }
                else
                {
                    var rows = now.Stuck(then, out var moved);
                    found.AddRange(rows.Select(row => $"{service}: {row}"));
                    any |= rows.Count > 0;
                    if (rows.Count > 0 || (!moved && time.GetElapsedTime(rest) < RestLength))
                    {
                        left.Add(service);
                    }
                }
            }

            unmoved = found;
            return (left, any);
        }
    }

    /// <summary>The services that feel it. The simulator is the customers and the card gateway: without them nobody has anything to do.</summary>
    private static IEnumerable<string> Affected(Fault fault) => fault.Kind switch
    {
        FaultKind.KillService or FaultKind.PauseService when fault.Target == "simulator" => ["orders", "payments"],
        FaultKind.KillService or FaultKind.PauseService => [Topology.ServiceOf(fault.Target)],
        FaultKind.LockStore => [fault.Target],
        FaultKind.FillDisk when fault.Target != "postgres" => [fault.Target],
        _ => Topology.Stores,
    };

    private bool IsReplaced(Fault fault, ProcessIdentity? victim, long since) =>
        victim is null || (system.Find(fault.Target) is { } successor && successor != victim && (!board.Knows(fault.Target) || board.Answers(fault.Target, since)));
}
