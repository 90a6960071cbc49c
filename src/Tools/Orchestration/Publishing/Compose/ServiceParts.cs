using FlowPlatform.Orchestration.Publishing.Output;

namespace FlowPlatform.Orchestration.Publishing.Compose;

/// <summary>What services of a Compose file have in common.</summary>
internal static class ServiceParts
{
    /// <summary>It comes back after a crash and after the machine's restart, can't gain rights, its log is bounded (Docker's local driver: 5 files of 20 MB), and it takes no more than its share.</summary>
    public static void AddBounds(Map service, string memory, int processes)
    {
        service["restart"] = "unless-stopped";
        service["security_opt"] = new[] { "no-new-privileges:true" };
        service["pids_limit"] = processes;
        service["logging"] = new Map { ["driver"] = "local" };
        Deploy(service)["resources"] = new Map { ["limits"] = new Map { ["cpus"] = "2.0", ["memory"] = memory } };
    }

    public static Map Deploy(Map service)
    {
        if (!service.TryGetValue("deploy", out var deploy))
        {
            service["deploy"] = deploy = new Map();
        }
        return (Map)deploy;
    }

    public static Map HealthCheck(int startSeconds, params string[] test) => new()
    {
        ["test"] = test,
        ["interval"] = "10s",
        ["timeout"] = "10s",
        ["retries"] = 6,
        ["start_period"] = FormattableString.Invariant($"{startSeconds}s"),
    };

    /// <summary>Compose replaces variables in values.</summary>
    public static string Escape(string text) => text.Replace("$", "$$", StringComparison.Ordinal);
}
