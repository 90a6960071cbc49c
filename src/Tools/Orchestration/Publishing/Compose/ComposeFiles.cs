using FlowPlatform.Orchestration.Publishing.Output;

namespace FlowPlatform.Orchestration.Publishing.Compose;

/// <summary>The application on one machine.</summary>
internal static class ComposeFiles
{
    public static IReadOnlyList<PublishedFile> Write(Deployment deployment, PublishRequest request)
    {
        var secrets = new SecretFiles();
        var services = new Map();
        var volumes = new Map();
        var configs = new Map();
        var files = new List<PublishedFile>();

        BrokerService.Add(deployment, secrets, services, volumes, configs, files);
        StoresService.Add(deployment, secrets, services, volumes, configs, files);
        foreach (var workload in deployment.Workloads)
        {
            services[workload.Name] = WorkloadService.Of(workload, request, secrets);
            if (workload.HasFiles)
            {
                volumes[WorkloadService.VolumeOf(workload)] = new Map();
            }
        }
        services[CheckProgram.Name] = WorkloadService.CheckOf(deployment, request, secrets);
        var all = secrets.All.ToArray();
        var compose = new Map
        {
            ["name"] = "flowplatform",
            ["services"] = services,
            ["volumes"] = volumes,
            ["configs"] = configs,
            ["secrets"] = Named(all.Select(secret => (secret.Name, new Map { ["file"] = $"./secrets/{secret.Name}" }))),
        };
        files.Add(new PublishedFile("compose.yaml", Yaml.Write("Written by publish from the AppHost's model: change that, not this. README.md says how it is run.", compose)));
        files.Add(new PublishedFile(SecretScript.Name, SecretScript.Write(all)));
        files.Add(new PublishedFile(".gitignore", "# What is secret is made where it is needed and stays there.\nsecrets/\n.env\n"));
        files.Add(new PublishedFile("README.md", ComposeReadme.Write(deployment, request)));
        return files;
    }

    private static Map Named(IEnumerable<(string Name, Map Value)> entries)
    {
        var map = new Map();
        foreach (var (name, value) in entries)
        {
            map[name] = value;
        }
        return map;
    }
}
