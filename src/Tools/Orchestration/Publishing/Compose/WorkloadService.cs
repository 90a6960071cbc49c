using FlowPlatform.Orchestration.Publishing.Output;

namespace FlowPlatform.Orchestration.Publishing.Compose;

/// <summary>A program of the application.</summary>
internal static class WorkloadService
{
    private const string SecretDirectory = "/run/secrets";

    public static string VolumeOf(Workload workload) => $"{workload.Name}-data";

    /// <summary>The port of this machine's loopback where an external workload is, unless <c>.env</c> says another.</summary>
    public static string PortVariableOf(Workload workload) => $"FLOW_{workload.Name.Replace('-', '_').ToUpperInvariant()}_PORT";

    public static Map Of(Workload workload, PublishRequest request, SecretFiles secrets)
    {
        var environment = new Map();
        var mounted = new List<Map>();
        foreach (var (name, value) in workload.Environment)
        {
            if (value.IsSecret)
            {
                mounted.Add(new Map { ["source"] = secrets.Add(name, value).Name, ["target"] = name });
            }
            else
            {
                environment[name] = ServiceParts.Escape(value.Literal);
            }
        }
        if (mounted.Count > 0)
        {
            environment["FLOW_SECRETS"] = SecretDirectory;
        }
        var service = new Map { ["image"] = $"{workload.Image}:${{FLOW_TAG:-{request.Tag}}}", ["environment"] = environment };
        if (mounted.Count > 0)
        {
            service["secrets"] = mounted;
        }
        AddLife(service, workload);
        AddRights(service, workload);
        return service;
    }

    private static void AddLife(Map service, Workload workload)
    {
        service["healthcheck"] = ServiceParts.HealthCheck(60, "CMD", "dotnet", $"/app/{workload.Assembly}", "healthcheck");
        if (workload.WaitsFor.Count > 0)
        {
            var waits = new Map();
            foreach (var name in workload.WaitsFor)
            {
                waits[name] = new Map { ["condition"] = "service_healthy" };
            }
            service["depends_on"] = waits;
        }
        if (workload.IsExternal)
        {
            service["ports"] = new[] { FormattableString.Invariant($"127.0.0.1:${{{PortVariableOf(workload)}:-{workload.LocalPort}}}:{Workload.HttpPort}") };
        }
        // More than the platform takes to finish the batch in progress.
        service["stop_grace_period"] = "30s";
    }

    private static void AddRights(Map service, Workload workload)
    {
        service["user"] = FormattableString.Invariant($"{Workload.User}:{Workload.User}");
        service["read_only"] = true;
        service["cap_drop"] = new[] { "ALL" };
        service["tmpfs"] = new[] { "/tmp:size=64m" };
        if (workload.HasFiles)
        {
            service["volumes"] = new[] { $"{VolumeOf(workload)}:{Workload.StateDirectory}" };
        }
        if (workload.Replicas > 1)
        {
            ServiceParts.Deploy(service)["replicas"] = workload.Replicas;
        }
        ServiceParts.AddBounds(service, memory: workload.IsDashboard ? "1g" : "512m", processes: 256);
    }
}
