namespace FlowPlatform.Orchestration.Publishing;

/// <summary>What deployment artefacts are written for.</summary>
public enum PublishTarget
{
    /// <summary>One machine with Docker Compose.</summary>
    Compose,

    /// <summary>A cluster.</summary>
    Kubernetes,
}

/// <summary>What is to be written, and where. Immutable.</summary>
/// <param name="Target">For what.</param>
/// <param name="Directory">Where; made if it isn't there.</param>
public sealed record PublishRequest(PublishTarget Target, string Directory)
{
    /// <summary>Only shows what would change.</summary>
    public bool Diff { get; init; }

    /// <summary>Overwrites files that were not written by this, or were changed since.</summary>
    public bool Force { get; init; }

    /// <summary>What images' names begin with, such as <c>ghcr.io/owner/name</c>.</summary>
    public required string Images { get; init; }

    /// <summary>Which version of them.</summary>
    public required string Tag { get; init; }

    /// <summary>Partitions of each stream: more replicas than that of one service have nothing to do.</summary>
    public required int Partitions { get; init; }
}

/// <summary>The artefacts can't be written. The message names the fault and the cure.</summary>
public sealed class PublishException(string message) : Exception(message);
