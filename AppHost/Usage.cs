namespace FlowPlatform.AppHost;

internal static class Usage
{
    public const string Text = """
        Usage: dotnet run [-c Release] --project AppHost -- [flags]
               dotnet run --project AppHost -- publish --help

          --dataset FILE     .csv or .csv.gz to replay (default: FLOW_DATASET, else the synthetic shop runs)
          --seed N           the shop's seed (1)
          --orders N         end the shop after N orders (endless)
          --rate N/s         the shop's orders a second (20/s)
          --speed Nx|max     event time over wall time, for a dataset (3600x)
          --until-done       replay, wait for quiet, check, report, stop: exit 0, or 1 with the reason
          --report FILE      where the report is written, as JSON
          --dashboard        start the dashboard though --until-done is given: such runs are measured, so
                             without this flag they have none, and export no telemetry
          --no-dashboard     no dashboard, no telemetry (unless OTEL_EXPORTER_OTLP_ENDPOINT names a
                             collector). Without either flag it is started, and its link is shown: that
                             link logs in whoever opens it
          --data DIR         state (.flow/data; with --until-done a fresh .flow/runs/<utc>)
          --broker auto|rabbitmq|docker|install|embedded
                             auto: the broker of ConnectionStrings__rabbitmq, else an installed RabbitMQ,
                             else the distribution's packages in the user's cache, else a container of
                             Docker or Podman, else the embedded log; rabbitmq: one of the first two;
                             install: the packages; docker: the container; embedded: no broker, streams
                             are files below the data directory, for this machine only
          --broker-nodes 1|3 3: a cluster of private RabbitMQ nodes, which goes on without any one (1)
          --stores sqlite|postgres
                             sqlite: files below the data directory; postgres: a database and a role for
                             each service, on the server of ConnectionStrings__postgres, else on a private
                             one of an installed Postgres (15 or newer), else of the distribution's
                             packages in the user's cache
          --replicas SERVICE=N
                             N processes of a service (1 to 32), which share its partitions; needs
                             --stores postgres; may be given for several services. What is over the
                             number of partitions (3 of each stream) serves HTTP and stands by
          --without SERVICE  leave the start of a service to you, in a debugger say: the rest runs, and what
                             it would have been told is written to a file, which is named. May be given
                             for several services
          --watch            build a service when its source, or that of a project it refers to, changes, and
                             start it anew; while it is built, and when it can't be, what ran goes on
          --environment NAME Development or Production (DOTNET_ENVIRONMENT, else Production)
          --help             this text

        Ctrl-C stops everything; a second one kills at once. Relative paths are the caller's.
        """;
}
