namespace FlowPlatform.Orchestration.Publishing.Kubernetes;

/// <summary>The pods of a program.</summary>
internal static class PodManifest
{
    public static Map Of(Workload workload, PublishRequest request, Supplied supplied)
    {
        var spec = Spec();
        if (workload.Shares)
        {
            spec["topologySpreadConstraints"] = new[]
            {
                new Map { ["maxSkew"] = 1, ["topologyKey"] = "kubernetes.io/hostname", ["whenUnsatisfiable"] = "ScheduleAnyway", ["labelSelector"] = Labels.MatchLabels(workload.Name) },
            };
        }
        spec["containers"] = new[] { Container(workload, request, supplied) };
        spec["volumes"] = Volumes();
        return new Map
        {
            ["metadata"] = new Map { ["labels"] = Labels.Selector(workload.Name) },
            ["spec"] = spec,
        };
    }

    private static Map Container(Workload workload, PublishRequest request, Supplied supplied)
    {
        var mounts = new List<Map> { new() { ["name"] = "tmp", ["mountPath"] = "/tmp" } };
        if (workload.HasFiles)
        {
            mounts.Add(new Map { ["name"] = "data", ["mountPath"] = Workload.StateDirectory });
        }
        return new Map
        {
            ["name"] = workload.Name,
            ["image"] = $"{workload.Image}:{request.Tag}",
            ["ports"] = workload.OtherPorts.Prepend((Name: "http", Port: Workload.HttpPort)).Select(port => new Map { ["name"] = port.Name, ["containerPort"] = port.Port, ["protocol"] = "TCP" }).ToArray(),
            ["envFrom"] = new[] { new Map { ["configMapRef"] = new Map { ["name"] = WorkloadManifests.SettingsOf(workload) } } },
            ["env"] = PodEnvironment.Of(workload.Environment, supplied),
            // Two minutes to migrate its store and to find the broker. Ready means that it can do its work; alive, that it answers: a broker that is away is no reason to kill it.
            ["startupProbe"] = Probe("/alive", period: 2, failures: 60),
            ["readinessProbe"] = Probe("/health", period: 10, failures: 3),
            ["livenessProbe"] = Probe("/alive", period: 10, failures: 6),
            ["resources"] = new Map
            {
                ["requests"] = new Map { ["cpu"] = "100m", ["memory"] = workload.IsDashboard ? "512Mi" : "256Mi" },
                ["limits"] = new Map { ["cpu"] = "2", ["memory"] = workload.IsDashboard ? "1Gi" : "512Mi" },
            },
            ["securityContext"] = Rights(),
            ["volumeMounts"] = mounts,
        };
    }

    /// <summary>What all pods have.</summary>
    public static Map Spec() => new()
    {
        // It asks nothing of the cluster.
        ["automountServiceAccountToken"] = false,
        ["enableServiceLinks"] = false,
        ["securityContext"] = new Map
        {
            ["runAsNonRoot"] = true,
            ["runAsUser"] = Workload.User,
            ["runAsGroup"] = Workload.User,
            ["fsGroup"] = Workload.User,
            ["seccompProfile"] = new Map { ["type"] = "RuntimeDefault" },
        },
        ["terminationGracePeriodSeconds"] = 30,
    };

    /// <summary>The runtime needs somewhere to put its sockets and files.</summary>
    public static Map[] Volumes() => [new Map { ["name"] = "tmp", ["emptyDir"] = new Map { ["sizeLimit"] = "64Mi" } }];

    public static Map Rights() => new()
    {
        ["allowPrivilegeEscalation"] = false,
        ["readOnlyRootFilesystem"] = true,
        ["capabilities"] = new Map { ["drop"] = new[] { "ALL" } },
    };

    private static Map Probe(string path, int period, int failures) => new()
    {
        ["httpGet"] = new Map { ["path"] = path, ["port"] = "http" },
        ["periodSeconds"] = period,
        ["timeoutSeconds"] = 5,
        ["failureThreshold"] = failures,
    };
}
