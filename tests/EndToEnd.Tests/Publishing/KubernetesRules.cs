using System.Globalization;
using System.Text.RegularExpressions;

namespace FlowPlatform.EndToEnd.Tests.Publishing;

/// <summary>What has to hold in the objects of an application, by their published schemas and by ours.</summary>
internal sealed partial class KubernetesRules(IReadOnlyList<Dictionary<object, object>> objects, string readme)
{
    private const string Operated = "rabbitmq";

    /// <summary>What each kind must have.</summary>
    private static readonly Dictionary<string, (string Version, string[][] Fields)> Kinds = new(StringComparer.Ordinal)
    {
        ["Namespace"] = ("v1", []),
        ["ConfigMap"] = ("v1", [["data"]]),
        ["Service"] = ("v1", [["spec", "selector"], ["spec", "ports"]]),
        ["Deployment"] = ("apps/v1", [["spec", "selector", "matchLabels"], ["spec", "template", "metadata", "labels"], ["spec", "template", "spec", "containers"]]),
        ["StatefulSet"] = ("apps/v1", [["spec", "serviceName"], ["spec", "replicas"], ["spec", "selector", "matchLabels"], ["spec", "template", "spec", "containers"], ["spec", "volumeClaimTemplates"]]),
        ["PodDisruptionBudget"] = ("policy/v1", [["spec", "maxUnavailable"], ["spec", "selector", "matchLabels"]]),
        ["NetworkPolicy"] = ("networking.k8s.io/v1", [["spec", "podSelector"], ["spec", "policyTypes"]]),
        ["HorizontalPodAutoscaler"] = ("autoscaling/v2", [["spec", "scaleTargetRef", "name"], ["spec", "minReplicas"], ["spec", "maxReplicas"], ["spec", "metrics"]]),
        ["Job"] = ("batch/v1", [["spec", "backoffLimit"], ["spec", "activeDeadlineSeconds"], ["spec", "template", "spec", "restartPolicy"], ["spec", "template", "spec", "containers"]]),
        ["RabbitmqCluster"] = ("rabbitmq.com/v1beta1", [["spec", "replicas"], ["spec", "persistence", "storage"], ["spec", "rabbitmq", "additionalPlugins"], ["spec", "resources", "limits", "memory"]]),
    };

    private readonly List<string> faults = [];

    private IEnumerable<Dictionary<object, object>> Controllers => objects.Where(item => item.Text("kind") is "Deployment" or "StatefulSet");

    /// <summary>Every fault; none: they hold.</summary>
    public IReadOnlyList<string> Faults()
    {
        foreach (var item in objects)
        {
            CheckShape(item);
        }
        foreach (var twice in objects.GroupBy(item => (item.Text("kind"), Name(item))).Where(group => group.Count() > 1))
        {
            faults.Add($"{twice.Key} is there twice");
        }
        CheckSelectors();
        foreach (var controller in Controllers)
        {
            CheckPod(controller, Name(controller));
        }
        CheckScaling();
        return faults;
    }

    private static string Name(object item) => item.Text("metadata", "name") ?? "";

    private IEnumerable<Dictionary<object, object>> Of(string kind) => objects.Where(item => item.Text("kind") == kind);

    private void Require(bool condition, string fault)
    {
        if (!condition)
        {
            faults.Add(fault);
        }
    }

    private void CheckShape(Dictionary<object, object> item)
    {
        var what = $"{item.Text("kind")} {Name(item)}";
        if (!Kinds.TryGetValue(item.Text("kind") ?? "", out var kind))
        {
            faults.Add($"{what} is of an unknown kind: a Secret, or what nobody checks");
            return;
        }
        Require(item.Text("apiVersion") == kind.Version, $"{what} has version {item.Text("apiVersion")}");
        Require(Label().IsMatch(Name(item)), $"{what} has a name that is no DNS label");
        Require(item.Text("metadata", "labels", "app.kubernetes.io/part-of") == "flowplatform", $"{what} doesn't say what it is part of");
        foreach (var field in kind.Fields.Where(field => !item.Has(field)))
        {
            faults.Add($"{what} has no {string.Join('.', field)}");
        }
        foreach (var text in item.Texts().Where(text => Credentials().IsMatch(text)))
        {
            faults.Add($"{what} has credentials: {text}");
        }
    }

    /// <summary>Whatever selects pods finds some: ours, or those of the operator, which have the cluster's name.</summary>
    private void CheckSelectors()
    {
        var pods = Controllers.Concat(Of("Job")).Select(controller => controller.Map("spec", "template", "metadata", "labels"))
            .Append(new Dictionary<object, object> { ["app.kubernetes.io/name"] = Operated }).ToList();
        foreach (var item in objects)
        {
            var selectors = item.Text("kind") switch
            {
                "Service" => [item.Map("spec", "selector")],
                "Deployment" or "StatefulSet" or "PodDisruptionBudget" => [item.Map("spec", "selector", "matchLabels")],
                "NetworkPolicy" => item.List("spec", "ingress").SelectMany(rule => rule.List("from")).Select(peer => peer.Map("podSelector", "matchLabels")).Where(labels => labels.Count > 0)
                    .Append(item.Map("spec", "podSelector", "matchLabels")),
                _ => Enumerable.Empty<Dictionary<object, object>>(),
            };
            foreach (var selector in selectors)
            {
                Require(pods.Exists(pod => selector.All(label => pod.GetValueOrDefault(label.Key) as string == label.Value as string)), $"{item.Text("kind")} {Name(item)} selects no pod");
            }
        }
        foreach (var controller in Controllers)
        {
            var labels = controller.Map("spec", "template", "metadata", "labels");
            Require(controller.Map("spec", "selector", "matchLabels").All(label => labels.GetValueOrDefault(label.Key) as string == label.Value as string), $"{Name(controller)} doesn't select its own pods");
            Require(Of("PodDisruptionBudget").Any(budget => Name(budget) == Name(controller)) && Of("NetworkPolicy").Any(policy => Name(policy) == Name(controller)), $"{Name(controller)} has no disruption budget or no network policy");
        }
        Require(Of("NetworkPolicy").Any(policy => policy.Map("spec", "podSelector").Count == 0 && !policy.Has("spec", "ingress")), "nothing denies what no policy allows");
    }

    private void CheckPod(Dictionary<object, object> controller, string name)
    {
        var pod = controller.Map("spec", "template", "spec");
        var container = pod.List("containers").ShouldHaveSingleItem().Map();
        Require(pod.Text("securityContext", "runAsNonRoot") == "true" && pod.Text("securityContext", "runAsUser") == "1654" && pod.Text("securityContext", "seccompProfile", "type") == "RuntimeDefault", $"{name} may be root");
        Require(pod.Text("automountServiceAccountToken") == "false", $"{name} has a token of the cluster");
        Require(container.Text("securityContext", "readOnlyRootFilesystem") == "true" && container.Text("securityContext", "allowPrivilegeEscalation") == "false" && container.List("securityContext", "capabilities", "drop").Contains("ALL"), $"{name} has rights that it doesn't need");
        Require(new[] { "requests", "limits" }.All(kind => container.Has("resources", kind, "memory") && container.Has("resources", kind, "cpu")), $"{name} has no bounds");
        Require(Image().IsMatch(container.Text("image") ?? ""), $"{name}'s image has no version");
        var ports = container.List("ports").Select(port => port.Text("name")!).ToList();
        foreach (var probe in new[] { "startupProbe", "readinessProbe", "livenessProbe" })
        {
            Require(container.Text(probe, "httpGet", "path") is { } path && path[0] == '/' && ports.Contains(container.Text(probe, "httpGet", "port")!), $"{name} has no {probe}");
        }
        var volumes = pod.List("volumes").Select(volume => volume.Text("name")).Concat(controller.List("spec", "volumeClaimTemplates").Select(claim => claim.Text("metadata", "name"))).ToList();
        foreach (var mount in container.List("volumeMounts").Where(mount => !volumes.Contains(mount.Text("name"))))
        {
            faults.Add($"{name} mounts {mount.Text("name")}, which isn't there");
        }
        Require(controller.Text("kind") == "Deployment" || (controller.Text("spec", "replicas") == "1" && volumes.Contains("data")), $"{name} has files and more than one process, or no volume");
        foreach (var service in Of("Service").Where(service => Name(service) == name).DefaultIfEmpty([]))
        {
            Require(service.List("spec", "ports").Count > 0 && service.List("spec", "ports").All(port => ports.Contains(port.Text("targetPort")!)), $"{name} has no service, or one to a port that it hasn't");
        }
        CheckEnvironment(container, name);
    }

    private void CheckEnvironment(Dictionary<object, object> container, string name)
    {
        foreach (var source in container.List("envFrom").Select(source => source.Text("configMapRef", "name")))
        {
            Require(Of("ConfigMap").Any(map => Name(map) == source), $"{name} takes settings from {source}, which isn't there");
            foreach (var (variable, value) in Of("ConfigMap").Where(map => Name(map) == source).SelectMany(map => map.Map("data")))
            {
                CheckHosts($"{name}'s {variable}", (string)value);
                Require(!SecretName().IsMatch((string)variable), $"{name} has {variable}, which is secret, in the open");
            }
        }
        var before = new HashSet<string>(StringComparer.Ordinal);
        foreach (var variable in container.List("env"))
        {
            if (variable.Text("value") is { } value)
            {
                Require(Reference().IsMatch(value), $"{name}'s {variable.Text("name")} refers to no secret");
                foreach (var used in Reference().Matches(value).Select(match => match.Groups["name"].Value).Where(used => !before.Contains(used)))
                {
                    faults.Add($"{name}'s {variable.Text("name")} uses {used}, which doesn't come before it");
                }
                CheckHosts($"{name}'s {variable.Text("name")}", value);
            }
            else
            {
                var (secret, key) = (variable.Text("valueFrom", "secretKeyRef", "name"), variable.Text("valueFrom", "secretKeyRef", "key"));
                Require(readme.Contains($"Secret `{secret}`, key `{key}`", StringComparison.Ordinal) || (secret == $"{Operated}-default-user" && key is "username" or "password"), $"{name}'s {variable.Text("name")} is key {key} of {secret}, which nobody supplies");
            }
            before.Add(variable.Text("name")!);
        }
    }

    /// <summary>Hosts are services, at ports that they have, or nodes of the broker.</summary>
    private void CheckHosts(string what, string value)
    {
        foreach (Match match in Hosts().Matches(value))
        {
            var (host, port) = (match.Groups["host"].Value, match.Groups["port"].Value);
            var known = Node().Match(host) is { Success: true } node
                ? int.Parse(node.Groups["number"].Value, CultureInfo.InvariantCulture) < Of("RabbitmqCluster").Select(cluster => int.Parse(cluster.Text("spec", "replicas")!, CultureInfo.InvariantCulture)).Sum() && port is "5672" or "5552"
                : Of("Service").Any(service => Name(service) == host && service.List("spec", "ports").Any(served => served.Text("port") == port));
            Require(known || host == "*", $"{what} names {host}:{port}, where nobody listens");
        }
    }

    private void CheckScaling()
    {
        foreach (var scaler in Of("HorizontalPodAutoscaler"))
        {
            var target = Of("Deployment").FirstOrDefault(deployment => Name(deployment) == scaler.Text("spec", "scaleTargetRef", "name"));
            Require(target is not null && !target.Has("spec", "replicas"), $"{Name(scaler)} scales nothing, or what has a number of replicas already");
            var (least, most) = (int.Parse(scaler.Text("spec", "minReplicas")!, CultureInfo.InvariantCulture), int.Parse(scaler.Text("spec", "maxReplicas")!, CultureInfo.InvariantCulture));
            Require(least >= 1 && least <= most && most <= 3, $"{Name(scaler)} scales from {least} to {most}, of 3 partitions");
            foreach (var metric in scaler.List("spec", "metrics").Select(metric => metric.Text("external", "metric", "name")))
            {
                Require(metric is not null && readme.Contains($"external metric `{metric}`", StringComparison.Ordinal), $"{Name(scaler)} needs {metric}, which nobody supplies");
            }
        }
    }

    [GeneratedRegex("^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$")]
    private static partial Regex Label();

    [GeneratedRegex(@"^[a-z0-9./-]+:\d[\w.-]*$")]
    private static partial Regex Image();

    [GeneratedRegex(@"://[^/]*:[^/$]*@|password=[^$]", RegexOptions.IgnoreCase)]
    private static partial Regex Credentials();

    [GeneratedRegex("(KEY|PASSWORD|SECRET|TOKEN|HEADERS|URI)$|^ConnectionStrings__", RegexOptions.IgnoreCase)]
    private static partial Regex SecretName();

    [GeneratedRegex(@"\$\((?<name>\w+)\)")]
    private static partial Regex Reference();

    [GeneratedRegex(@"(?<=://|@|=|,)(?<host>[a-z*][\w.*-]*):(?<port>\d+)")]
    private static partial Regex Hosts();

    [GeneratedRegex(@"^rabbitmq-server-(?<number>\d+)\.rabbitmq-nodes$")]
    private static partial Regex Node();
}
