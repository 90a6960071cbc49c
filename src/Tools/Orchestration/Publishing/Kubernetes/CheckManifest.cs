namespace FlowPlatform.Orchestration.Publishing.Kubernetes;

/// <summary>A job that compares what the services say of each other. It is no part of the kustomization: it runs when it is asked to.</summary>
internal static class CheckManifest
{
    public const string FileName = "check.yaml";

    public static Map Of(Deployment deployment, PublishRequest request, Supplied supplied)
    {
        var environment = CheckProgram.EnvironmentOf(deployment);
        var spec = PodManifest.Spec();
        spec["restartPolicy"] = "Never";
        spec["containers"] = new[]
        {
            new Map
            {
                ["name"] = CheckProgram.Name,
                ["image"] = $"{CheckProgram.ImageOf(request)}:{request.Tag}",
                ["command"] = new[] { "dotnet", $"/app/{CheckProgram.Assembly}" },
                ["args"] = CheckProgram.Arguments,
                ["env"] = environment.Where(variable => !variable.Value.IsSecret).Select(variable => new Map { ["name"] = variable.Name, ["value"] = variable.Value.Literal })
                    .Concat(PodEnvironment.Of(environment, supplied)).ToArray(),
                ["resources"] = new Map
                {
                    ["requests"] = new Map { ["cpu"] = "100m", ["memory"] = "128Mi" },
                    ["limits"] = new Map { ["cpu"] = "1", ["memory"] = "256Mi" },
                },
                ["securityContext"] = PodManifest.Rights(),
                ["volumeMounts"] = new[] { new Map { ["name"] = "tmp", ["mountPath"] = "/tmp" } },
            },
        };
        spec["volumes"] = PodManifest.Volumes();
        var metadata = Labels.Metadata(CheckProgram.Name);
        metadata["namespace"] = Labels.Application;
        return new Map
        {
            ["apiVersion"] = "batch/v1",
            ["kind"] = "Job",
            ["metadata"] = metadata,
            ["spec"] = new Map
            {
                ["backoffLimit"] = 0,
                ["activeDeadlineSeconds"] = 600,
                ["ttlSecondsAfterFinished"] = 86_400,
                ["template"] = new Map { ["metadata"] = new Map { ["labels"] = Labels.Selector(CheckProgram.Name) }, ["spec"] = spec },
            },
        };
    }
}
