namespace FlowPlatform.Tests.Support.Otlp;

/// <summary>A span as it was exported. Ids are lower-case hexadecimal; <see cref="ParentId"/> is empty for a root.</summary>
internal sealed record OtlpSpan
{
    public string Service { get; init; } = "";

    public string Instance { get; init; } = "";

    public string Scope { get; init; } = "";

    public string TraceId { get; init; } = "";

    public string SpanId { get; init; } = "";

    public string ParentId { get; init; } = "";

    public string TraceState { get; init; } = "";

    public string Name { get; init; } = "";

    public OtlpKind Kind { get; init; }

    public ulong StartNanos { get; init; }

    public ulong EndNanos { get; init; }

    public IReadOnlyDictionary<string, object?> Attributes { get; init; } = new Dictionary<string, object?>();

    public IReadOnlyList<string> Events { get; init; } = [];

    public IReadOnlyList<(string TraceId, string SpanId)> Links { get; init; } = [];

    public OtlpStatus Status { get; init; }

    public string StatusMessage { get; init; } = "";

    public bool IsReplay => Attributes.GetValueOrDefault("flow.replay") is true;

    public string? Text(string attribute) => Attributes.GetValueOrDefault(attribute)?.ToString();

    public override string ToString() => $"{Service}: {Kind} {Name} {Text("messaging.consumer.group.name")}";
}

internal enum OtlpKind
{
    Unspecified,
    Internal,
    Server,
    Client,
    Producer,
    Consumer,
}

internal enum OtlpStatus
{
    Unset,
    Ok,
    Error,
}

/// <summary>One point of a metric. For histograms <see cref="Value"/> is the sum.</summary>
internal sealed record OtlpPoint(string Service, string Metric, string Unit, IReadOnlyDictionary<string, object?> Attributes, double Value, ulong Count, IReadOnlyList<string> ExemplarTraceIds);

/// <summary>A log record. Ids are empty where it belongs to no span.</summary>
internal sealed record OtlpLog(string Service, string TraceId, string SpanId, string Severity, string Body, IReadOnlyDictionary<string, object?> Attributes);
