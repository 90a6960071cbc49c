using System.Security.Cryptography;
using System.Text;

namespace FlowPlatform.Orchestration.Publishing.Kubernetes;

/// <summary>All objects of one program.</summary>
internal static class WorkloadManifests
{
    private const string VolumeName = "data";

    /// <summary>A change of settings is another ConfigMap: pods start again with it, and when a rollout is undone they find the old one.</summary>
    public static string SettingsOf(Workload workload) => $"{workload.Name}-settings-{HashOf(Settings(workload))}";

    public static IEnumerable<Map> Of(Workload workload, PublishRequest request, Supplied supplied)
    {
        yield return new Map
        {
            ["apiVersion"] = "v1",
            ["kind"] = "ConfigMap",
            ["metadata"] = new Map { ["name"] = SettingsOf(workload), ["labels"] = Labels.Selector(workload.Name) },
            ["immutable"] = true,
            ["data"] = Settings(workload),
        };
        yield return Controller(workload, request, PodManifest.Of(workload, request, supplied));
        yield return Service(workload);
        yield return new Map
        {
            ["apiVersion"] = "policy/v1",
            ["kind"] = "PodDisruptionBudget",
            ["metadata"] = Labels.Metadata(workload.Name),
            // Not minAvailable: of a single process that would never let a node be drained.
            ["spec"] = new Map { ["maxUnavailable"] = 1, ["selector"] = Labels.MatchLabels(workload.Name) },
        };
        if (workload.Shares)
        {
            yield return ScalingManifest.Of(workload, request);
        }
    }

    private static Map Settings(Workload workload)
    {
        var data = new Map();
        foreach (var (name, value) in workload.Environment.Where(variable => !variable.Value.IsSecret))
        {
            data[name] = value.Literal;
        }
        return data;
    }

    /// <summary>With files: one process that has a volume, and the old one ends before the new one starts. Without: as many as share its partitions.</summary>
    private static Map Controller(Workload workload, PublishRequest request, Map pod)
    {
        var spec = new Map { ["selector"] = Labels.MatchLabels(workload.Name) };
        if (workload.HasFiles)
        {
            spec["serviceName"] = workload.Name;
            spec["replicas"] = 1;
            spec["volumeClaimTemplates"] = new[]
            {
                new Map
                {
                    ["metadata"] = new Map { ["name"] = VolumeName },
                    ["spec"] = new Map { ["accessModes"] = new[] { "ReadWriteOnce" }, ["resources"] = new Map { ["requests"] = new Map { ["storage"] = "5Gi" } } },
                },
            };
        }
        else
        {
            // No number of replicas: it is the autoscaler's.
            spec["strategy"] = new Map { ["type"] = "RollingUpdate", ["rollingUpdate"] = new Map { ["maxSurge"] = 1, ["maxUnavailable"] = 0 } };
        }
        spec["template"] = pod;
        return new Map { ["apiVersion"] = "apps/v1", ["kind"] = workload.HasFiles ? "StatefulSet" : "Deployment", ["metadata"] = Labels.Metadata(workload.Name), ["spec"] = spec };
    }

    private static Map Service(Workload workload) => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Service",
        ["metadata"] = Labels.Metadata(workload.Name),
        ["spec"] = new Map
        {
            ["selector"] = Labels.Selector(workload.Name),
            ["ports"] = workload.OtherPorts.Prepend((Name: "http", Port: Workload.HttpPort)).Select(port => new Map { ["name"] = port.Name, ["port"] = port.Port, ["targetPort"] = port.Name, ["protocol"] = "TCP" }).ToArray(),
        },
    };

    private static string HashOf(Map settings) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', settings.Select(setting => $"{setting.Key}={setting.Value}")))))[..8];
}
