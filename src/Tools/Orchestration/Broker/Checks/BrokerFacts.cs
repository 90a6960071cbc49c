namespace FlowPlatform.Orchestration.Broker.Checks;

/// <summary>What a broker that can be used says of itself.</summary>
internal sealed record BrokerFacts(BrokerVersion Version, string? Platform)
{
    /// <summary>Like <c>RabbitMQ 3.10.8 on Erlang/OTP 25.2.3</c>, with a remark where the version lacks something.</summary>
    public string Describe() =>
        $"RabbitMQ {Version.Text}{(Platform is null ? "" : $" on {Platform}")}{(Version.Remark is { } remark ? $": {remark}" : "")}";
}
