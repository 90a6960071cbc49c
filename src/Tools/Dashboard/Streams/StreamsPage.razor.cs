using FlowPlatform.Dashboard.Controls;
using Microsoft.AspNetCore.Components;

namespace FlowPlatform.Dashboard.Streams;

/// <summary>How the flow through all services is.</summary>
public sealed partial class StreamsPage
{
    private static readonly (string Name, string Text, TimeSpan Back)[] Windows =
    [
        ("5m", "5 minutes", TimeSpan.FromMinutes(5)), ("15m", "15 minutes", TimeSpan.FromMinutes(15)), ("1h", "1 hour", TimeSpan.FromHours(1)), ("6h", "6 hours", TimeSpan.FromHours(6)), ("24h", "24 hours", TimeSpan.FromHours(24)),
    ];

    /// <summary>Where the embedded log is.</summary>
    private const string ThisMachine = "this machine";

    private readonly HashSet<string> open = [];
    private FlowView? view;

    [Inject]
    private FlowViews Views { get; set; } = null!;

    [Inject]
    private ServiceAddresses Addresses { get; set; } = null!;

    [Inject]
    private LogConnection Connection { get; set; } = null!;

    /// <summary>How far the history goes back: 5m, 15m, 1h, 6h or 24h; default 5m.</summary>
    [SupplyParameterFromQuery]
    public string? Back { get; set; }

    /// <inheritdoc />
    protected override TimeSpan Interval => TimeSpan.FromSeconds(2);

    private string Window => Array.Exists(Windows, window => window.Name == Back) ? Back! : Windows[0].Name;

    /// <inheritdoc />
    protected override async Task ReadAsync(CancellationToken cancellationToken)
    {
        var read = await Views.ReadAsync(Array.Find(Windows, window => window.Name == Window).Back, cancellationToken);
        view = read.Services.Count > 0 ? read : null;
    }

    private static bool IsHealthy(ServiceReading service) => HealthOf(service) == DotState.Good;

    /// <summary>One figure where all partitions have the same; else the least and the greatest.</summary>
    private static string Range(StreamView stream, Func<PartitionReading, long?> offset)
    {
        var known = stream.Partitions.Select(part => offset(part.Reading)).OfType<long>().ToList();
        return known.Count == 0 ? "–" : known.Min() == known.Max() ? Format.Count(known[0]) : $"{Format.Count(known.Min())} … {Format.Count(known.Max())}";
    }

    /// <summary>Who leads the partitions, and how many copies each has.</summary>
    private static string Nodes(StreamView stream)
    {
        List<PartitionReading> known = [.. stream.Partitions.Select(static part => part.Reading).Where(static reading => reading.Leader is not null)];
        var copies = known.Select(static reading => reading.Replicas.Count).Distinct().Order().ToList();
        return known.Count == 0 ? stream.Partitions.Any(static part => part.Reading.Bytes is not null) ? ThisMachine : "–"
            : string.Join(", ", known.Select(static reading => reading.Leader).Distinct().Order(StringComparer.Ordinal))
                + (copies[^1] == 0 ? "" : $"; {string.Join(" to ", new[] { copies[0], copies[^1] }.Distinct())} {(copies[^1] == 1 ? "replica" : "replicas")} each");
    }

    private static string Nodes(PartitionReading reading) => reading.Leader is not { } leader ? reading.Bytes is null ? "–" : ThisMachine
        : reading.Replicas.Count == 0 ? leader : $"{leader}; replicas on {string.Join(", ", reading.Replicas)}";

    private static DotState HealthOf(ServiceReading service) => service.Health switch
    {
        "Healthy" => DotState.Good,
        "Degraded" => DotState.Warning,
        _ => DotState.Error,
    };

    private static DotState StateOf(string state) => state switch
    {
        "live" or "running" => DotState.Good,
        "catching-up" or "connecting" => DotState.Busy,
        "waiting" or "refilling" => DotState.Warning,
        "unavailable" or "stopped" => DotState.Error,
        _ => DotState.Neutral,
    };

    private static string Top(double[] course) => Format.Number(course.Where(double.IsFinite).DefaultIfEmpty(0).Max());

    private void Toggle(string id)
    {
        if (!open.Remove(id))
        {
            open.Add(id);
        }
    }
}
