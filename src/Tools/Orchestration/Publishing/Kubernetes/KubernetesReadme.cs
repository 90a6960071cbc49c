namespace FlowPlatform.Orchestration.Publishing.Kubernetes;

/// <summary>How it is applied, and what must be there before.</summary>
internal static class KubernetesReadme
{
    public static string Write(Deployment deployment, PublishRequest request, Supplied supplied) => $"""
        # The application on Kubernetes

        ```
        kubectl apply --kustomize .
        for one in $(kubectl get deployment,statefulset --namespace {Labels.Application} --selector {Labels.PartOf}={Labels.Application} --output name); do
          kubectl rollout status --namespace {Labels.Application} --timeout 10m "$one"
        done
        ```

        Then `kubectl create --filename {CheckManifest.FileName}` compares what the services say of each other: `kubectl wait --namespace {Labels.Application} --for=condition=complete --timeout 10m job/{CheckProgram.Name}`. Delete the job before the next time.

        To be there before, because it is not the application's or is secret:

        | what | for |
        |---|---|
        | RabbitMQ Cluster Operator (`rabbitmq.com/v1beta1`), in namespace `rabbitmq-system` | makes the broker, and its user in Secret `{supplied.BrokerSecretName}` |
        | three machines | one node of the broker on each; two are enough to go on |
        | a network plugin that follows NetworkPolicy | otherwise `network.yaml` does nothing |
        | a default StorageClass | the broker's volumes{(deployment.Workloads.Any(workload => workload.HasFiles) ? ", and those of workloads that keep files" : "")} |
        | images `{request.Images}/…:{request.Tag}` | the programs |
        {string.Concat(supplied.Parameters.Select(key => $"| Secret `{Supplied.SecretName}`, key `{key}` | at random, 32 letters and digits |\n"))}{string.Concat(supplied.Stores.Select(key => $"| Secret `{Supplied.StoresSecretName}`, key `{key}` | a connection string of Npgsql: a database of its own, owned by a role of its own (Postgres 15 or newer) |\n"))}{Metric(deployment)}
        Namespace `{Labels.Application}`. Secrets are referred to, never written here. An Ingress or Gateway for {string.Join(" and ", deployment.Workloads.Where(workload => workload.IsExternal).Select(workload => workload.Name))} (port {Workload.HttpPort}) is the cluster's matter: TLS and host names are.

        """.ReplaceLineEndings("\n");

    private static string Metric(Deployment deployment) => deployment.Workloads.Any(workload => workload.Shares)
        ? $"| external metric `{ScalingManifest.Metric}`, label `{ScalingManifest.ServiceLabel}` (OTLP's `flow.consumer.lag`, summed, by way of Prometheus and its adapter or of KEDA) | the autoscaler; without it each service stays at its least number of replicas |\n"
        : "";
}
