using System.Globalization;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Broker.Containers;

namespace FlowPlatform.Orchestration.Publishing.Kubernetes;

/// <summary>Three RabbitMQ nodes on three machines, by the cluster operator. Services keep each stream on all of them (<c>FLOW_BROKER_NODES</c>).</summary>
internal static class BrokerManifests
{
    public static IEnumerable<Map> Of(Deployment deployment)
    {
        var name = deployment.Broker.Name;
        yield return new Map
        {
            ["apiVersion"] = "rabbitmq.com/v1beta1",
            ["kind"] = "RabbitmqCluster",
            ["metadata"] = Labels.Metadata(name),
            ["spec"] = new Map
            {
                ["replicas"] = PrivateCluster.Size,
                ["image"] = $"{ContainerImage.Default}-management",
                ["persistence"] = new Map { ["storage"] = "20Gi" },
                ["resources"] = new Map
                {
                    ["requests"] = new Map { ["cpu"] = "500m", ["memory"] = "2Gi" },
                    ["limits"] = new Map { ["cpu"] = "2", ["memory"] = "2Gi" },
                },
                ["rabbitmq"] = new Map
                {
                    ["additionalPlugins"] = new[] { "rabbitmq_stream" },
                    // Nodes tell stream clients their own names, which every pod can resolve: no advertised host is needed.
                    ["additionalConfig"] = string.Create(CultureInfo.InvariantCulture, $"""
                        stream.frame_max = {NodeLayout.FrameBytesMax}
                        cluster_partition_handling = pause_minority
                        disk_free_limit.absolute = 2GB

                        """).ReplaceLineEndings("\n"),
                },
                ["affinity"] = new Map
                {
                    ["podAntiAffinity"] = new Map
                    {
                        ["requiredDuringSchedulingIgnoredDuringExecution"] = new[]
                        {
                            new Map
                            {
                                ["labelSelector"] = new Map { ["matchLabels"] = new Map { [Labels.Name] = name } },
                                ["topologyKey"] = "kubernetes.io/hostname",
                            },
                        },
                    },
                },
                // A node hands its leaders over before it stops.
                ["terminationGracePeriodSeconds"] = 600,
            },
        };
        yield return new Map
        {
            ["apiVersion"] = "policy/v1",
            ["kind"] = "PodDisruptionBudget",
            ["metadata"] = Labels.Metadata(name),
            // The operator labels pods with the cluster's name. Two of three are a majority.
            ["spec"] = new Map { ["maxUnavailable"] = 1, ["selector"] = new Map { ["matchLabels"] = new Map { [Labels.Name] = name } } },
        };
    }
}
