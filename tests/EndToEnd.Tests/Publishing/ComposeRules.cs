using System.Text.RegularExpressions;

namespace FlowPlatform.EndToEnd.Tests.Publishing;

/// <summary>What has to hold in a Compose file, by its published specification and by ours.</summary>
internal static partial class ComposeRules
{
    private static readonly string[] ServiceKeys =
    [
        "image", "hostname", "environment", "configs", "secrets", "volumes", "healthcheck", "depends_on", "ports", "stop_grace_period", "user", "read_only", "cap_drop", "tmpfs", "restart",
        "security_opt", "pids_limit", "logging", "deploy", "shm_size", "profiles", "entrypoint", "command",
    ];

    /// <summary>Every fault; none: it holds.</summary>
    public static IEnumerable<string> Faults(Dictionary<object, object> compose, Func<string, bool> isFile) =>
        compose.Keys("services").SelectMany(name => ServiceFaults(compose, name, compose.Map("services", name)))
            .Concat(compose.Keys("configs").Where(name => !isFile(compose.Text("configs", name, "file")!)).Select(name => $"config {name} has no file"))
            .Concat(compose.Keys("secrets").Where(name => compose.Text("secrets", name, "file") != $"./secrets/{name}").Select(name => $"secret {name} is no file of secrets/"))
            .Concat(Unused(compose));

    private static IEnumerable<string> ServiceFaults(Dictionary<object, object> compose, string name, Dictionary<object, object> service)
    {
        var faults = new List<string>();
        void Require(bool condition, string fault)
        {
            if (!condition)
            {
                faults.Add($"{name}: {fault}");
            }
        }

        Require(service.Keys.All(key => ServiceKeys.Contains(key)), $"unknown keys: {string.Join(", ", service.Keys.Except(ServiceKeys))}");
        Require(service.Text("image") is { } image && Image().IsMatch(image), "its image has no version");
        var isAsked = service.List("profiles").Count > 0;
        Require(isAsked || service.Map("healthcheck").List("test") is ["CMD", _, ..] or ["CMD-SHELL", _], "nothing says whether it is healthy");
        Require(isAsked || new[] { "interval", "timeout", "retries", "start_period" }.All(key => service.Has("healthcheck", key)), "its health check has no limits");
        Require(service.Text("restart") == (isAsked ? "no" : "unless-stopped"), "it doesn't come back");
        Require(service.Has("deploy", "resources", "limits", "memory") && service.Has("pids_limit"), "it has no limits");
        Require(service.List("security_opt").Contains("no-new-privileges:true"), "it can gain rights");
        foreach (var other in service.Keys("depends_on"))
        {
            Require(compose.Has("services", other), $"it waits for {other}, which isn't there");
            Require(service.Text("depends_on", other, "condition") == "service_healthy", $"it doesn't wait until {other} is healthy");
        }
        foreach (var secret in service.List("secrets").Select(secret => secret as string ?? secret.Text("source")!))
        {
            Require(compose.Has("secrets", secret), $"secret {secret} isn't declared");
        }
        foreach (var config in service.List("configs").Select(config => config.Text("source")!))
        {
            Require(compose.Has("configs", config), $"config {config} isn't declared");
        }
        foreach (var volume in service.List("volumes").Cast<string>().Select(volume => volume.Split(':')[0]))
        {
            Require(compose.Map("volumes").ContainsKey(volume), $"volume {volume} isn't declared");
        }
        foreach (var port in service.List("ports").Cast<string>())
        {
            Require(port.StartsWith("127.0.0.1:", StringComparison.Ordinal), $"port {port} is open to other machines");
            Require(!service.Has("deploy", "replicas") || port.StartsWith("127.0.0.1::", StringComparison.Ordinal), $"its replicas all want port {port}");
        }
        foreach (var (variable, value) in service.Map("environment"))
        {
            Require(!SecretName().IsMatch((string)variable), $"{variable} is secret and in the environment");
            Require(!Credentials().IsMatch((string)value), $"{variable} has credentials");
            foreach (var host in Hosts().Matches((string)value).Select(match => match.Groups["host"].Value).Where(host => host != "*"))
            {
                Require(compose.Has("services", host), $"{variable} names {host}, which isn't there");
            }
        }
        if (service.Text("image")!.Contains("/flowplatform/", StringComparison.Ordinal) || service.Text("image")!.StartsWith("flowplatform/", StringComparison.Ordinal))
        {
            Require(service.Text("user") == "1654:1654" && service.Text("read_only") == "true" && service.List("cap_drop").Contains("ALL"), "it has rights that it doesn't need");
            Require(isAsked || service.List("healthcheck", "test") is ["CMD", "dotnet", string program, "healthcheck"] && program.StartsWith("/app/", StringComparison.Ordinal), "it doesn't probe itself");
        }
        return faults;
    }

    private static IEnumerable<string> Unused(Dictionary<object, object> compose)
    {
        var services = compose.Map("services").Values;
        var used = services.SelectMany(service => service.List("secrets").Select(secret => secret as string ?? secret.Text("source")!)
            .Concat(service.List("configs").Select(config => config.Text("source")!))
            .Concat(service.List("volumes").Cast<string>().Select(volume => volume.Split(':')[0]))).ToHashSet(StringComparer.Ordinal);
        return new[] { "secrets", "configs", "volumes" }.SelectMany(kind => compose.Keys(kind)).Where(name => !used.Contains(name)).Select(name => $"{name} is declared and not used");
    }

    [GeneratedRegex(@"^[a-z0-9./-]+:(\$\{FLOW_TAG:-)?\d[\w.-]*\}?$")]
    private static partial Regex Image();

    [GeneratedRegex("(KEY|PASSWORD|SECRET|TOKEN|HEADERS|URI)$|^ConnectionStrings__", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    [GeneratedRegex("://[^/]*:[^/]*@|password=", RegexOptions.IgnoreCase)]
    private static partial Regex Credentials();

    [GeneratedRegex(@"^\w+://(?<host>[^:/]+)")]
    private static partial Regex Hosts();
}
