using FlowPlatform.Orchestration.Publishing.Output;

namespace FlowPlatform.Orchestration.Publishing.Kubernetes;

/// <summary>The application in a cluster: one file for each part, put together by a kustomization.</summary>
internal static class KubernetesFiles
{
    private const string Comment = "Written by publish from the AppHost's model: change that, or patch it in an overlay, not this.";

    public static IReadOnlyList<PublishedFile> Write(Deployment deployment, PublishRequest request)
    {
        var supplied = new Supplied(deployment);
        var files = new List<PublishedFile>
        {
            new("namespace.yaml", Yaml.Write(Comment, Namespace())),
            new("broker.yaml", Yaml.Write(Comment, BrokerManifests.Of(deployment))),
            new("network.yaml", Yaml.Write(Comment, NetworkManifests.Of(deployment))),
        };
        foreach (var workload in deployment.Workloads)
        {
            files.Add(new PublishedFile($"{workload.Name}.yaml", Yaml.Write(Comment, WorkloadManifests.Of(workload, request, supplied))));
        }
        var kustomization = new Map
        {
            ["apiVersion"] = "kustomize.config.k8s.io/v1beta1",
            ["kind"] = "Kustomization",
            ["namespace"] = Labels.Application,
            ["resources"] = files.Select(file => file.Path).ToArray(),
        };
        files.Add(new PublishedFile("kustomization.yaml", Yaml.Write(Comment, kustomization)));
        files.Add(new PublishedFile(CheckManifest.FileName, Yaml.Write("Run on its own: README.md says how.", CheckManifest.Of(deployment, request, supplied))));
        files.Add(new PublishedFile("README.md", KubernetesReadme.Write(deployment, request, supplied)));
        return files;
    }

    /// <summary>Pods that could take over their node are refused; ours fulfil the strictest rules, the operator's are warned of.</summary>
    private static Map Namespace() => new()
    {
        ["apiVersion"] = "v1",
        ["kind"] = "Namespace",
        ["metadata"] = new Map
        {
            ["name"] = Labels.Application,
            ["labels"] = new Map
            {
                [Labels.PartOf] = Labels.Application,
                ["pod-security.kubernetes.io/enforce"] = "baseline",
                ["pod-security.kubernetes.io/warn"] = "restricted",
            },
        },
    };
}
