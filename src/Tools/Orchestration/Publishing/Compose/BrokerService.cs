using System.Globalization;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Broker.Containers;
using FlowPlatform.Orchestration.Publishing.Output;

namespace FlowPlatform.Orchestration.Publishing.Compose;

/// <summary>RabbitMQ with the stream plugin.</summary>
internal static class BrokerService
{
    private const int StreamPort = 5552;
    private const string ConfigurationName = "rabbitmq-conf";
    private const string PluginsName = "rabbitmq-plugins";
    private const string UserName = "rabbitmq-user";

    public static void Add(Deployment deployment, SecretFiles secrets, Map services, Map volumes, Map configs, List<PublishedFile> files)
    {
        var broker = deployment.Broker;
        var user = secrets.Add(UserName, DeploymentText.Of(
        [
            new DeploymentPart($"default_user = {deployment.BrokerUser.Literal}\ndefault_pass = "),
            new DeploymentPart("", broker.PasswordParameter.Name),
            new DeploymentPart("\n"),
        ]));
        // Its data belongs to its node's name, which has the host's.
        var service = new Map
        {
            ["image"] = ContainerImage.Default,
            ["hostname"] = broker.Name,
            ["configs"] = new[]
            {
                new Map { ["source"] = ConfigurationName, ["target"] = "/etc/rabbitmq/conf.d/90-flowplatform.conf" },
                new Map { ["source"] = PluginsName, ["target"] = "/etc/rabbitmq/enabled_plugins" },
            },
            ["secrets"] = new[] { new Map { ["source"] = user.Name, ["target"] = "/etc/rabbitmq/conf.d/20-user.conf" } },
            ["volumes"] = new[] { $"{broker.Name}-data:/var/lib/rabbitmq" },
            // Both listeners: a broker without the stream plugin is not healthy.
            ["healthcheck"] = ServiceParts.HealthCheck(120, "CMD-SHELL", $"rabbitmq-diagnostics --quiet check_port_listener 5672 && rabbitmq-diagnostics --quiet check_port_listener {StreamPort}"),
            ["stop_grace_period"] = "60s",
        };
        ServiceParts.AddBounds(service, memory: "1g", processes: 1_024);
        services[broker.Name] = service;
        volumes[$"{broker.Name}-data"] = new Map();
        configs[ConfigurationName] = new Map { ["file"] = "./rabbitmq/90-flowplatform.conf" };
        configs[PluginsName] = new Map { ["file"] = "./rabbitmq/enabled_plugins" };
        files.Add(new PublishedFile("rabbitmq/enabled_plugins", "[rabbitmq_prometheus,rabbitmq_stream].\n"));
        files.Add(new PublishedFile("rabbitmq/90-flowplatform.conf", Configuration(broker.Name)));
    }

    /// <summary>Stream clients connect again to the address that the broker tells them: the one that services know it by.</summary>
    private static string Configuration(string host) => string.Create(CultureInfo.InvariantCulture, $"""
        stream.advertised_host = {host}
        stream.advertised_port = {StreamPort}
        stream.frame_max = {NodeLayout.FrameBytesMax}
        disk_free_limit.absolute = {NodeLayout.DiskFreeBytesMin}
        log.console.level = warning

        """).ReplaceLineEndings("\n");
}
