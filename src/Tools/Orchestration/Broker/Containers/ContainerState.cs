using System.Text.Json;

namespace FlowPlatform.Orchestration.Broker.Containers;

/// <summary>What <c>inspect --format '{{json .State}}'</c> says of a container that has ended; the same members in Docker and Podman.</summary>
internal sealed record ContainerState(string Status, int ExitCode, bool OOMKilled, string? Error)
{
    public static ContainerState? Parse(string json)
    {
        try
        {
            return JsonSerializer.Deserialize<ContainerState>(json);
        }
        catch (JsonException)
        {
            return null; // no container, or an engine that words it otherwise: then its output has to tell
        }
    }

    public string Describe() =>
        OOMKilled ? "it was killed for lack of memory; give the engine (or its virtual machine) more"
        : Error is { Length: > 0 } error ? error
        : $"exit code {ExitCode}";
}
