namespace FlowPlatform.Orchestration.Publishing.Kubernetes;

/// <summary>What is secret in a pod's environment: by reference, and put together by Kubernetes itself.</summary>
internal static class PodEnvironment
{
    public static Map[] Of(IReadOnlyList<(string Name, DeploymentText Value)> environment, Supplied supplied)
    {
        var parts = new SortedDictionary<string, Map>(StringComparer.Ordinal);
        var settings = new List<Map>();
        foreach (var (name, value) in environment.Where(variable => variable.Value.IsSecret))
        {
            if (supplied.StoreOf(name) is { } store)
            {
                settings.Add(Reference(name, store));
            }
            else if (value.Parts is [{ Secret: { } parameter }])
            {
                settings.Add(Reference(name, supplied.Of(parameter)));
            }
            else
            {
                // Variables that are named in others come before them.
                foreach (var secret in value.Parts.Select(part => part.Secret).OfType<string>())
                {
                    parts[secret] = Reference(VariableOf(secret), supplied.Of(secret));
                }
                settings.Add(new Map { ["name"] = name, ["value"] = string.Concat(value.Parts.Select(part => part.Secret is { } secret ? $"$({VariableOf(secret)})" : part.Literal.Replace("$(", "$$(", StringComparison.Ordinal))) });
            }
        }
        return [.. parts.Values, .. settings];
    }

    private static string VariableOf(string parameter) => $"FLOW_PART_{parameter.Replace('-', '_').ToUpperInvariant()}";

    private static Map Reference(string name, SecretReference reference) => new()
    {
        ["name"] = name,
        ["valueFrom"] = new Map { ["secretKeyRef"] = new Map { ["name"] = reference.Secret, ["key"] = reference.Key } },
    };
}
