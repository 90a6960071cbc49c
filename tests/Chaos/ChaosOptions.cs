using FlowPlatform.Chaos.Plan;

namespace FlowPlatform.Chaos;

/// <summary>What is asked for.</summary>
internal sealed record ChaosOptions
{
    /// <summary>Time in which faults are made.</summary>
    public TimeSpan Length { get; init; } = TimeSpan.FromMinutes(5);

    public int Seed { get; init; }

    /// <summary>Faults to make.</summary>
    public int Faults { get; init; } = 65;

    /// <summary>sqlite or postgres.</summary>
    public string Stores { get; init; } = "sqlite";

    /// <summary>1 or 3.</summary>
    public int BrokerNodes { get; init; } = 1;

    /// <summary>Processes of services that have more than one.</summary>
    public IReadOnlyDictionary<string, int> Replicas { get; init; } = new Dictionary<string, int>();

    /// <summary>The file whose newest part is replayed; null: a synthetic one.</summary>
    public string? Dataset { get; init; }

    /// <summary>Orders a second, on average.</summary>
    public double Rate { get; init; } = 25;

    /// <summary>What may be done.</summary>
    public IReadOnlyList<FaultKind> Kinds { get; init; } = Enum.GetValues<FaultKind>();

    /// <summary>Show the plan, and do nothing.</summary>
    public bool PlanOnly { get; init; }

    /// <summary>Keep the state in any case.</summary>
    public bool Keep { get; init; }

    /// <summary>Names of all processes of services.</summary>
    public IReadOnlyList<string> Processes =>
    [
        .. Topology.Stores.Append("simulator").SelectMany(service => Replicas.GetValueOrDefault(service, 1) is > 1 and var count
            ? Enumerable.Range(1, count).Select(number => FormattableString.Invariant($"{service}-{number}"))
            : [service]),
    ];

    /// <summary>What there is to do something to.</summary>
    /// <param name="hasSmallDisk">Whether a file system can be mounted.</param>
    public Topology TopologyWith(bool hasSmallDisk) => new(
        Processes, BrokerNodes, Stores == "postgres", !hasSmallDisk || !Kinds.Contains(FaultKind.FillDisk) ? null : Stores == "postgres" ? "postgres" : Topology.Stores[Math.Abs(Seed % Topology.Stores.Count)]);
}
