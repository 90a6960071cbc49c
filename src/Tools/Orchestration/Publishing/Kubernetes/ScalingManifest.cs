namespace FlowPlatform.Orchestration.Publishing.Kubernetes;

/// <summary>As many replicas as the lag asks for, and never more than there are partitions to share.</summary>
internal static class ScalingManifest
{
    public const string Metric = "flow_consumer_lag";
    public const string ServiceLabel = "service_name";

    /// <summary>Events that a replica may be behind: a second or two of work for a consumer that is busy.</summary>
    public const string LagPerReplica = "5000";

    public static Map Of(Workload workload, PublishRequest request) => new()
    {
        ["apiVersion"] = "autoscaling/v2",
        ["kind"] = "HorizontalPodAutoscaler",
        ["metadata"] = Labels.Metadata(workload.Name),
        ["spec"] = new Map
        {
            ["scaleTargetRef"] = new Map { ["apiVersion"] = "apps/v1", ["kind"] = "Deployment", ["name"] = workload.Name },
            ["minReplicas"] = workload.Replicas,
            ["maxReplicas"] = request.Partitions,
            ["metrics"] = new[]
            {
                new Map
                {
                    ["type"] = "External",
                    ["external"] = new Map
                    {
                        ["metric"] = new Map { ["name"] = Metric, ["selector"] = new Map { ["matchLabels"] = new Map { [ServiceLabel] = workload.Name } } },
                        ["target"] = new Map { ["type"] = "AverageValue", ["averageValue"] = LagPerReplica },
                    },
                },
            },
            // Each change hands partitions over: up soon, down late.
            ["behavior"] = new Map
            {
                ["scaleUp"] = new Map { ["stabilizationWindowSeconds"] = 60 },
                ["scaleDown"] = new Map { ["stabilizationWindowSeconds"] = 900 },
            },
        },
    };
}
