using FlowPlatform.Hosting;

namespace FlowPlatform.EndToEnd.Tests.Publishing;

public sealed class KubernetesTests
{
    [Theory]
    [InlineData("kubernetes-sqlite")]
    [InlineData("kubernetes-postgres", "--stores", "postgres", "--replicas", "orders=2", "--images", "ghcr.io/acme/shop/flowplatform", "--tag", "1.2.3")]
    public async Task The_same_model_gives_the_same_files(string golden, params string[] flags)
    {
        using var publication = await Publication.MakeAsync("kubernetes", flags);
        Golden.ShouldBe($"{golden}.txt", publication.All());
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres")]
    public async Task All_objects_are_whole_and_what_they_refer_to_is_there_or_said_to_be_supplied(string stores)
    {
        using var publication = await Publication.MakeAsync("kubernetes", "--stores", stores);
        Faults(publication).ShouldBeEmpty();
        publication.All().ShouldNotContain("secret-of-mine");
    }

    [Theory]
    [InlineData("orders.yaml", "configMapRef:\n                name: orders-", "configMapRef:\n                name: other-", "takes settings from other-")]
    [InlineData("orders.yaml", "key: admin-key", "key: admin", "nobody supplies")]
    [InlineData("orders.yaml", "targetPort: http", "targetPort: web", "to a port that it hasn't")]
    [InlineData("orders.yaml", "mountPath: /tmp\n", "mountPath: /tmp\n            - name: more\n              mountPath: /more\n", "mounts more")]
    [InlineData("orders.yaml", "http://dashboard:4317", "http://dashboard:4319", "where nobody listens")]
    [InlineData("orders.yaml", "rabbitmq-server-2.rabbitmq-nodes:5552", "rabbitmq-server-3.rabbitmq-nodes:5552", "where nobody listens")]
    [InlineData("orders.yaml", "$(FLOW_PART_OTLP_KEY)", "abcdefgh", "refers to no secret")]
    [InlineData("orders.yaml", "$(FLOW_PART_RABBITMQ_PASSWORD)@", "abcdefgh@", "has credentials")]
    [InlineData("orders.yaml", "name: FLOW_PART_OTLP_KEY", "name: FLOW_PART_OTLP", "doesn't come before it")]
    [InlineData("orders.yaml", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "rights that it doesn't need")]
    [InlineData("orders.yaml", "livenessProbe", "liveness", "no livenessProbe")]
    [InlineData("orders.yaml", "maxReplicas: 3", "maxReplicas: 4", "of 3 partitions")]
    [InlineData("orders.yaml", "kind: PodDisruptionBudget", "kind: Secret", "unknown kind")]
    [InlineData("orders.yaml", "name: orders\n", "name: Orders\n", "no DNS label")]
    [InlineData("network.yaml", "app.kubernetes.io/name: simulator", "app.kubernetes.io/name: simulation", "selects no pod")]
    [InlineData("network.yaml", "name: default-deny", "name: default-allow\nspec2", "nothing denies")]
    [InlineData("broker.yaml", "    storage: 20Gi\n", "    size: 20Gi\n", "no spec.persistence.storage")]
    public async Task What_does_not_hold_is_found(string file, string text, string instead, string fault)
    {
        using var publication = await Publication.MakeAsync("kubernetes", "--stores", "postgres");
        var before = publication.Read(file);
        before.ShouldContain(text);
        publication.Write(file, text.Contains("default-deny", StringComparison.Ordinal) ? before.Replace("podSelector: {}", "podSelector:\n    matchLabels:\n      app.kubernetes.io/name: orders", StringComparison.Ordinal) : before.Replace(text, instead, StringComparison.Ordinal));
        Faults(publication).ShouldContain(found => found.Contains(fault, StringComparison.Ordinal), fault);
    }

    [Fact]
    public async Task The_kustomization_has_every_file_of_objects()
    {
        using var publication = await Publication.MakeAsync("kubernetes");
        var kustomization = Publication.Documents(publication.Read("kustomization.yaml")).ShouldHaveSingleItem();
        kustomization.Text("kind").ShouldBe("Kustomization");
        kustomization.Text("namespace").ShouldBe("flowplatform");
        kustomization.List("resources").Cast<string>().Order(StringComparer.Ordinal).ShouldBe(publication.Files.Where(file => file.EndsWith(".yaml", StringComparison.Ordinal) && file is not ("kustomization.yaml" or "check.yaml")));
    }

    [Fact]
    public async Task Streams_are_on_three_nodes_of_which_one_may_be_away()
    {
        using var publication = await Publication.MakeAsync("kubernetes");
        var objects = Objects(publication);
        var cluster = objects.Single(item => item.Text("kind") == "RabbitmqCluster");
        cluster.Text("spec", "replicas").ShouldBe("3");
        cluster.List("spec", "rabbitmq", "additionalPlugins").ShouldContain("rabbitmq_stream");
        cluster.List("spec", "affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution").ShouldHaveSingleItem();
        objects.Single(item => item.Text("kind") == "ConfigMap" && item.Text("metadata", "name")!.StartsWith("orders-settings-", StringComparison.Ordinal)).Text("data", "FLOW_BROKER_NODES").ShouldBe("3");
    }

    [Fact]
    public async Task What_keeps_files_is_one_process_with_a_volume_and_what_has_a_database_scales()
    {
        using var files = await Publication.MakeAsync("kubernetes");
        Objects(files).Count(item => item.Text("kind") == "StatefulSet").ShouldBe(7);
        Objects(files).Where(item => item.Text("kind") is "Deployment" or "HorizontalPodAutoscaler").ShouldBeEmpty();

        using var databases = await Publication.MakeAsync("kubernetes", "--stores", "postgres", "--replicas", "orders=2");
        Objects(databases).Where(item => item.Text("kind") == "StatefulSet").Select(item => item.Text("metadata", "name")).ShouldBe(["dashboard", "simulator"], ignoreOrder: true);
        Objects(databases).Single(item => item.Text("kind") == "HorizontalPodAutoscaler" && item.Text("metadata", "name") == "orders").Text("spec", "minReplicas").ShouldBe("2");
    }

    /// <summary>More processes than partitions would stand by; the AppHost can't see what services declare.</summary>
    [Fact]
    public async Task A_service_scales_to_as_many_processes_as_a_stream_has_partitions_by_default()
    {
        using var publication = await Publication.MakeAsync("kubernetes", "--stores", "postgres");
        var byDefault = typeof(FlowBuilder).GetMethod(nameof(FlowBuilder.Publishes))!.GetParameters().Single(parameter => parameter.Name == "partitions").DefaultValue;
        Objects(publication).Where(item => item.Text("kind") == "HorizontalPodAutoscaler").Select(item => item.Text("spec", "maxReplicas")).Distinct().ShouldBe([$"{byDefault}"]);
    }

    private static List<Dictionary<object, object>> Objects(Publication publication) =>
        [.. publication.Files.Where(file => file.EndsWith(".yaml", StringComparison.Ordinal) && file != "kustomization.yaml").SelectMany(file => Publication.Documents(publication.Read(file)))];

    private static IReadOnlyList<string> Faults(Publication publication) => new KubernetesRules(Objects(publication), publication.Read("README.md")).Faults();
}
