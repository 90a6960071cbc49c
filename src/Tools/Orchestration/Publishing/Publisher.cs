using Aspire.Hosting;
using FlowPlatform.Orchestration.Publishing.Compose;
using FlowPlatform.Orchestration.Publishing.Kubernetes;
using FlowPlatform.Orchestration.Publishing.Output;

namespace FlowPlatform.Orchestration.Publishing;

/// <summary>Writes artefacts that deploy the application, from the model that a run would start.</summary>
public static class Publisher
{
    /// <summary>Done, or with <see cref="PublishRequest.Diff"/>: nothing would change.</summary>
    public const int Done = 0;

    /// <summary>With <see cref="PublishRequest.Diff"/>: something would change. Otherwise: it couldn't be written, and nothing was.</summary>
    public const int Different = 1;

    /// <summary>Writes them, or shows what would change. Nothing is started, and no secret is made or read.</summary>
    /// <param name="builder">Has all resources.</param>
    /// <param name="request">What, and where.</param>
    /// <param name="output">Gets what was done.</param>
    /// <param name="errors">Gets why it wasn't.</param>
    /// <returns>The process' exit code.</returns>
    public static async Task<int> PublishAsync(IDistributedApplicationBuilder builder, PublishRequest request, TextWriter output, TextWriter errors)
    {
        try
        {
            var resources = builder.Resources.AsReadOnly();
            IReadOnlyList<PublishedFile> files = request.Target == PublishTarget.Compose
                ? ComposeFiles.Write(await new DeploymentReader(resources, request, ComposeHosts.Instance).ReadAsync(), request)
                : KubernetesFiles.Write(await new DeploymentReader(resources, request, new KubernetesHosts(resources)).ReadAsync(), request);
            var directory = new PublishedDirectory(request.Directory);
            if (request.Diff)
            {
                var differences = directory.Compare(files);
                await output.WriteAsync(differences);
                return differences.Length == 0 ? Done : Different;
            }
            foreach (var line in directory.Write(files, request.Force))
            {
                await output.WriteLineAsync(line);
            }
            return Done;
        }
        catch (Exception e) when (e is PublishException or DistributedApplicationException or IOException or UnauthorizedAccessException)
        {
            await errors.WriteLineAsync(e.Message);
            return Different;
        }
    }
}
