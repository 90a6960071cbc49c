namespace FlowPlatform.AppHost;

internal static class PublishUsage
{
    public const string Text = """
        Usage: dotnet run --project AppHost -- publish --target compose|kubernetes --output DIR [flags]

        Writes what deploys the system, from the model that a run would start. Nothing is started; no secret is made or written.

          --target compose   one machine with Docker Compose
          --target kubernetes
                             a cluster, with three RabbitMQ nodes by its cluster operator
          --output, -o DIR   where; made if it isn't there
          --stores sqlite|postgres
                             sqlite: each service has a volume and is one process; postgres: a database and a
                             role for each (Compose runs the server, Kubernetes is told connection strings)
          --replicas SERVICE=N
                             processes of a service, 1 to 3 (its streams' partitions); needs --stores postgres
          --images PREFIX    what images' names begin with (flowplatform), like ghcr.io/owner/name
          --tag TAG          their version (this one's)
          --seed N, --rate N/s
                             of the synthetic shop, which plays the customers (1, 20/s)
          --diff             only show what would change; exit 1 if anything would
          --force            overwrite files that publish has not written, or that were changed since
          --help             this text

        Exit codes: 0 done (with --diff: nothing would change), 1 not done (or something would change), 2 the
        command line is wrong. Relative paths are the caller's.
        """;
}
