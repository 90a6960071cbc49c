namespace FlowPlatform.Dashboard.Metrics;

/// <summary>A time series: service, process and the point's own attributes.</summary>
internal sealed record SeriesInfo(long Id, IReadOnlyList<TelemetryAttribute> Labels)
{
    public bool Matches(IReadOnlyDictionary<string, string> where) => where.All(pair => Labels.Any(label => label.Name == pair.Key && label.Value == pair.Value));

    /// <summary>Equal for series of one line.</summary>
    public string Group(IReadOnlyList<string>? groupBy) => string.Join('\0', LabelsOf(groupBy).SelectMany(static label => new[] { label.Name, label.Value }));

    public IReadOnlyList<TelemetryAttribute> LabelsOf(IReadOnlyList<string>? groupBy) => groupBy is null ? Labels : [.. Labels.Where(label => groupBy.Contains(label.Name))];
}
