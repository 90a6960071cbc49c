using System.Globalization;

namespace FlowPlatform.Orchestration.Publishing.Compose;

/// <summary>How it is run.</summary>
internal static class ComposeReadme
{
    public static string Write(Deployment deployment, PublishRequest request)
    {
        var external = deployment.Workloads.Where(workload => workload is { IsExternal: true, Replicas: 1 }).ToArray();
        return string.Create(CultureInfo.InvariantCulture, $"""
            # The application with Docker Compose

            Needs Docker with Compose 2.24 or newer, and the images `{request.Images}/…:{request.Tag}`.

            ```
            ./secrets.sh
            docker compose up --detach --wait
            ```

            `--wait` returns when everything is healthy, and fails if something doesn't become so. `docker compose run --rm {CheckProgram.Name}` then compares what the services say of each other.

            | setting in `.env` | meaning | default |
            |---|---|---|
            | `FLOW_TAG` | the images' version | {request.Tag} |
            {string.Join('\n', external.Select(workload => $"| `{WorkloadService.PortVariableOf(workload)}` | port of {workload.Name} on this machine's loopback | {workload.LocalPort} |"))}

            Nothing listens on other interfaces: put a reverse proxy with TLS in front of what others may use. The dashboard's link is `http://127.0.0.1:PORT/login?t=` and what is in `secrets/values/dashboard-token`.

            Secrets are files that only this directory's owner can reach. No value is in an environment, in an image or in a file that is under version control.
            Volumes: {string.Join(", ", Volumes(deployment))}. Back them up together, and `secrets/values` with them.

            """).ReplaceLineEndings("\n");
    }

    private static IEnumerable<string> Volumes(Deployment deployment) =>
        new[] { deployment.Broker.Name, deployment.Stores?.Name }.OfType<string>().Concat(deployment.Workloads.Where(workload => workload.HasFiles).Select(workload => workload.Name)).Select(name => $"`{name}-data`");
}
