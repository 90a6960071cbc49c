namespace FlowPlatform.Orchestration.ResourceService;

/// <summary>What may be asked of a resource: Aspire's names where it has them.</summary>
internal static class CommandNames
{
    public const string Start = "start";
    public const string Stop = "stop";
    public const string Restart = "restart";
    public const string SetReplicas = "set-replicas";
}
