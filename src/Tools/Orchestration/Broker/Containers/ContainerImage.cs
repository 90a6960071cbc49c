using System.Text.RegularExpressions;

namespace FlowPlatform.Orchestration.Broker.Containers;

/// <summary>The image that a broker runs from.</summary>
internal static partial class ContainerImage
{
    /// <summary>A tag that is never given to another version.</summary>
    public const string Default = "docker.io/library/rabbitmq:4.2.5";

    /// <summary>The one named, or the default.</summary>
    /// <exception cref="BrokerException">The name is none.</exception>
    public static string Choose(string? named) =>
        string.IsNullOrWhiteSpace(named) ? Default
        : Reference().IsMatch(named) ? named
        : throw new BrokerException($"FLOW_RABBITMQ_IMAGE is '{named}', which names no image with a tag or digest (like {Default}).");

    /// <summary>Begins with a letter or digit, so that it can't be taken for an option.</summary>
    [GeneratedRegex(@"^[a-z0-9][a-zA-Z0-9._:/-]{0,200}(:[\w.-]{1,128}|@sha256:[0-9a-f]{64})$")]
    private static partial Regex Reference();
}
