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
        var service = Started(workload.Image, workload.Environment, request, secrets);
        AddLife(service, workload);
        AddRights(service);
        AddShare(service, workload);
        return service;
    }

    /// <summary>Runs only when it is asked to.</summary>
    public static Map CheckOf(Deployment deployment, PublishRequest request, SecretFiles secrets)
    {
        var service = Started(CheckProgram.ImageOf(request), CheckProgram.EnvironmentOf(deployment), request, secrets);
        service["profiles"] = new[] { CheckProgram.Name };
        service["entrypoint"] = new[] { "dotnet", $"/app/{CheckProgram.Assembly}" };
        service["command"] = CheckProgram.Arguments;
        AddRights(service);
        ServiceParts.AddBounds(service, memory: "256m", processes: 128);
        service["restart"] = "no";
        return service;
    }

    private static Map Started(string image, IReadOnlyList<(string Name, DeploymentText Value)> variables, PublishRequest request, SecretFiles secrets)
    {
        var environment = new Map();
        var mounted = new List<Map>();
        foreach (var (name, value) in variables)
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
        var service = new Map { ["image"] = $"{image}:${{FLOW_TAG:-{request.Tag}}}", ["environment"] = environment };
        if (mounted.Count > 0)
        {
            service["secrets"] = mounted;
        }
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
            // Replicas can't have one port: each gets a free one.
            service["ports"] = new[] { workload.Replicas > 1
                ? FormattableString.Invariant($"127.0.0.1::{Workload.HttpPort}")
                : FormattableString.Invariant($"127.0.0.1:${{{PortVariableOf(workload)}:-{workload.LocalPort}}}:{Workload.HttpPort}") };
        }
        // More than the platform takes to finish the batch in progress.
        service["stop_grace_period"] = "30s";
    }

    private static void AddRights(Map service)
    {
        service["user"] = FormattableString.Invariant($"{Workload.User}:{Workload.User}");
        service["read_only"] = true;
        service["cap_drop"] = new[] { "ALL" };
        service["tmpfs"] = new[] { "/tmp:size=64m" };
    }

    private static void AddShare(Map service, Workload workload)
    {
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
