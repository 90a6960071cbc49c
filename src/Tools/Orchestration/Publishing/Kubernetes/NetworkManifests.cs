namespace FlowPlatform.Orchestration.Publishing.Kubernetes;

/// <summary>Who may connect to whom: nobody, but those who do so in the model. Probes come from the node, which policies don't hold back.</summary>
internal static class NetworkManifests
{
    private static readonly int[] BrokerPorts = [5672, 5552];
    private const string OperatorNamespace = "rabbitmq-system";

    public static IEnumerable<Map> Of(Deployment deployment)
    {
        yield return Policy("default-deny", new Map(), []);
        var broker = deployment.Broker.Name;
        var nodes = new Map { [Labels.Name] = broker };
        yield return Policy(broker, nodes,
        [
            Rule([Pods(new Map { [Labels.PartOf] = Labels.Application })], BrokerPorts),
            // Among each other nodes use ports of Erlang's distribution, too.
            Rule([Pods(nodes)], []),
            Rule([new Map { ["namespaceSelector"] = new Map { ["matchLabels"] = new Map { ["kubernetes.io/metadata.name"] = OperatorNamespace } } }], []),
        ]);
        foreach (var workload in deployment.Workloads)
        {
            yield return Policy(workload.Name, Labels.Selector(workload.Name), [.. RulesOf(workload, deployment)]);
        }
    }

    private static IEnumerable<Map> RulesOf(Workload workload, Deployment deployment)
    {
        if (workload.IsExternal)
        {
            // From anywhere in the cluster: from the ingress controller, whose namespace is the cluster's matter.
            yield return Rule([], [Workload.HttpPort]);
        }
        else if (workload.CalledBy.Count > 0)
        {
            // What the dashboard may ask, the check may.
            var callers = workload.CalledBy.Any(caller => deployment.Workloads.Any(other => other.IsDashboard && other.Name == caller)) ? workload.CalledBy.Append(CheckProgram.Name) : workload.CalledBy;
            yield return Rule([.. callers.Select(caller => Pods(Labels.Selector(caller)))], [Workload.HttpPort]);
        }
        if (workload.OtherPorts.Count > 0)
        {
            yield return Rule(
                [.. deployment.Workloads.Where(other => other != workload).Select(other => Pods(Labels.Selector(other.Name)))], [.. workload.OtherPorts.Select(port => port.Port)]);
        }
    }

    private static Map Policy(string name, Map podLabels, Map[] ingress)
    {
        var spec = new Map { ["podSelector"] = podLabels.Count == 0 ? new Map() : new Map { ["matchLabels"] = podLabels }, ["policyTypes"] = new[] { "Ingress" } };
        if (ingress.Length > 0)
        {
            spec["ingress"] = ingress;
        }
        return new Map { ["apiVersion"] = "networking.k8s.io/v1", ["kind"] = "NetworkPolicy", ["metadata"] = Labels.Metadata(name), ["spec"] = spec };
    }

    private static Map Pods(Map labels) => new() { ["podSelector"] = new Map { ["matchLabels"] = labels } };

    private static Map Rule(Map[] from, int[] ports)
    {
        var rule = new Map();
        if (from.Length > 0)
        {
            rule["from"] = from;
        }
        if (ports.Length > 0)
        {
            rule["ports"] = ports.Select(port => new Map { ["port"] = port, ["protocol"] = "TCP" }).ToArray();
        }
        return rule;
    }
}
