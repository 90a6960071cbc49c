namespace FlowPlatform.Orchestration.Publishing.Kubernetes;

/// <summary>Labels by Kubernetes' recommended names.</summary>
internal static class Labels
{
    public const string Name = "app.kubernetes.io/name";
    public const string PartOf = "app.kubernetes.io/part-of";
    public const string Application = "flowplatform";

    /// <summary>What selects the pods of one workload. Selectors can't be changed later: nothing that changes is in them.</summary>
    public static Map Selector(string name) => new() { [Name] = name, [PartOf] = Application };

    public static Map Metadata(string name) => new() { ["name"] = name, ["labels"] = Selector(name) };

    public static Map MatchLabels(string name) => new() { ["matchLabels"] = Selector(name) };
}
