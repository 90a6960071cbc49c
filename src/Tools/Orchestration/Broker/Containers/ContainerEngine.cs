using System.Text.Json;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Broker.Containers;

internal enum EngineKind
{
    Docker,
    Podman,
}

/// <summary>A container engine that answers.</summary>
/// <param name="Executable">Its command, as a full path.</param>
/// <param name="Kind">Docker, or Podman (also behind a command named docker).</param>
/// <param name="Version">Of the server where there is one.</param>
/// <param name="Architecture">What it runs, like <c>amd64</c>.</param>
/// <param name="IsRootless">Whether its root is the user who runs it.</param>
internal sealed record ContainerEngine(string Executable, EngineKind Kind, string Version, string? Architecture, bool IsRootless)
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(15);

    public override string ToString() => $"{Kind} {Version}{(IsRootless ? " (rootless)" : "")}";

    /// <summary>The first of Docker and Podman that answers.</summary>
    /// <param name="find">Where a command is, or null.</param>
    /// <exception cref="BrokerException">None is there, or none answers; the message says of each why, and the cure.</exception>
    public static async Task<ContainerEngine> FindAsync(Func<string, string?> find, CancellationToken cancellationToken)
    {
        CheckHost(Environment.GetEnvironmentVariable("DOCKER_HOST"));
        var faults = new List<string>();
        foreach (var command in (string[])["docker", "podman"])
        {
            if (find(command) is not { } executable)
            {
                continue;
            }
            try
            {
                return await AskAsync(executable, cancellationToken);
            }
            catch (BrokerException e)
            {
                faults.Add(e.Message);
            }
        }
        throw new BrokerException(faults.Count > 0 ? string.Join('\n', faults)
            : "Neither docker nor podman is installed (looked in PATH). Install one of them, or choose another --broker.");
    }

    /// <summary>Its ports are published on the loopback of the machine that it runs on, and folders of this one can't be mounted there.</summary>
    internal static void CheckHost(string? dockerHost)
    {
        if (dockerHost is not null && (dockerHost.StartsWith("tcp://", StringComparison.Ordinal) || dockerHost.StartsWith("ssh://", StringComparison.Ordinal)))
        {
            throw new BrokerException($"DOCKER_HOST names an engine on another machine ({dockerHost.Split("://")[0]}://…), where the broker could not be reached. " +
                "Unset it, or start a broker there and name it in ConnectionStrings__rabbitmq.");
        }
    }

    private static async Task<ContainerEngine> AskAsync(string executable, CancellationToken cancellationToken)
    {
        var answer = await Command.RunAsync(executable, ["version", "--format", "{{json .}}"], "/", AnswerLimit, cancellationToken);
        var engine = answer.ExitCode == 0 ? Parse(executable, answer.Output)
            : throw new BrokerException(EngineFaults.Describe(Path.GetFileName(executable), "doesn't answer", answer.Errors));
        var rootless = await Command.RunAsync(executable,
            engine.Kind == EngineKind.Podman ? ["info", "--format", "{{.Host.Security.Rootless}}"] : ["info", "--format", "{{json .SecurityOptions}}"], "/", AnswerLimit, cancellationToken);
        return rootless.ExitCode == 0
            ? engine with { IsRootless = rootless.Output.Trim() == "true" || rootless.Output.Contains("name=rootless", StringComparison.Ordinal) }
            : throw new BrokerException(EngineFaults.Describe(Path.GetFileName(executable), "doesn't answer", rootless.Errors));
    }

    /// <summary>
    /// What <c>version --format '{{json .}}'</c> prints. Docker: a client and a server. Podman on Linux needs no server, its client names APIVersion instead of ApiVersion.
    /// </summary>
    internal static ContainerEngine Parse(string executable, string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var client = document.RootElement.GetProperty("Client");
            var kind = client.TryGetProperty("APIVersion", out _) ? EngineKind.Podman : EngineKind.Docker;
            var hasServer = document.RootElement.TryGetProperty("Server", out var server) && server.ValueKind == JsonValueKind.Object;
            if (kind == EngineKind.Docker && !hasServer)
            {
                throw new BrokerException(EngineFaults.Describe(Path.GetFileName(executable), "doesn't answer", ""));
            }
            var subject = hasServer ? server : client;
            var platform = (string?[]?)Text(subject, "OsArch")?.Split('/') ?? [Text(subject, "Os"), Text(subject, "Arch")];
            return platform[0] is null or "linux"
                ? new ContainerEngine(executable, kind, Text(subject, "Version") ?? "of unknown version", platform.ElementAtOrDefault(1), IsRootless: false)
                : throw new BrokerException($"{executable} runs {platform[0]} containers; RabbitMQ's image is for Linux. Switch the engine to Linux containers.");
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new BrokerException($"{executable} answers 'version' with something that is neither Docker's nor Podman's answer.", e);
        }

        static string? Text(JsonElement element, string name) => element.TryGetProperty(name, out var value) ? value.GetString() : null;
    }
}
