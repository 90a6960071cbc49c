using System.Text.Json;

namespace FlowPlatform.Cli;

/// <summary>What one service says of itself.</summary>
internal sealed class ServiceStatus
{
    private ServiceStatus(string name, Uri url) => (Name, Url) = (name, url);

    public string Name { get; }

    public Uri Url { get; }

    /// <summary>Why it doesn't answer; null if it does.</summary>
    public string? Fault { get; private set; }

    /// <summary>Healthy, Degraded, Unhealthy, or no answer.</summary>
    public string Health { get; private set; } = "no answer";

    /// <summary>Why it isn't healthy.</summary>
    public IReadOnlyList<string> Reasons { get; private set; } = [];

    /// <summary>Its <c>/flow/status</c>; null where there is no flow.</summary>
    public JsonElement? Flow { get; private set; }

    /// <summary>What must not be.</summary>
    public IEnumerable<string> Problems
    {
        get
        {
            if (Fault is not null)
            {
                return [Fault];
            }

            var stopped = (Flow?.List("consumers") ?? []).Where(row => row.Text("state") == "stopped").Select(row => $"{Name}: consumer {row.Text("consumer")} has stopped: {row.Text("error")}");
            var outbox = Flow?.Find("outbox") is { } box && box.Text("state") == "stopped" ? [$"{Name}: the outbox has stopped: {box.Text("error")}"] : Array.Empty<string>();
            var known = stopped.Concat(outbox).Distinct().ToList();
            return known.Count > 0 || Health != "Unhealthy" ? known : [$"{Name} is unhealthy: {string.Join(" ", Reasons)}"];
        }
    }

    /// <summary>What this process is called where it is an owner; null if it doesn't say.</summary>
    public string? Instance => Flow?.Text("instance");

    /// <summary>What somebody should look at, though it works.</summary>
    public IEnumerable<string> Notes => Health == "Degraded" ? Reasons.Select(reason => $"{Name}: {reason}") : [];

    /// <summary>All replicas of a service.</summary>
    public static async Task<IReadOnlyList<ServiceStatus>> AskAsync(ServiceClient client, string service, CancellationToken cancellationToken) =>
        await Task.WhenAll(client.UrlsOf(service).Select(url => AskAsync(client, service, url, cancellationToken)));

    public static async Task<IReadOnlyList<ServiceStatus>> AskAllAsync(ServiceClient client, CancellationToken cancellationToken) =>
        await Task.WhenAll(client.Services.Select(service => AskAsync(client, service.Name, service.Url, cancellationToken)));

    public Shown ToJson() => new(Name, Url.ToString().TrimEnd('/'), Fault is null, Health, Reasons, Flow);

    private static async Task<ServiceStatus> AskAsync(ServiceClient client, string name, Uri url, CancellationToken cancellationToken)
    {
        var status = new ServiceStatus(name, url);
        try
        {
            var health = client.GetAnyAsync(name, url, "/health", cancellationToken);
            var flow = client.FindAsync(name, url, "/flow/status", cancellationToken);
            var answer = await health;
            status.Health = answer.Text("status") ?? "unknown";
            status.Reasons = [.. answer.List("checks").Where(check => check.Text("status") != "Healthy").Select(check => check.Text("reason")).OfType<string>()];
            status.Flow = await flow;
        }
        catch (CliException fault)
        {
            (status.Fault, status.Health) = (fault.Message, "no answer");
        }

        return status;
    }

    /// <summary>As <c>--json</c> shows it; <c>flow</c> is as the service says it, with a version of its own.</summary>
    internal sealed record Shown(string Name, string Url, bool Answers, string Health, IReadOnlyList<string> Reasons, JsonElement? Flow);
}
