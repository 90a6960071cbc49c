using System.Globalization;
using FlowPlatform.Dashboard.Controls;
using FlowPlatform.Dashboard.Storage;
using Microsoft.AspNetCore.Components;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>Who talks to whom, how often, how fast, and with how many errors.</summary>
public sealed partial class ServiceMapPage
{
    private const int MaxName = 19;
    private const double ManyErrors = 0.05;
    private MapLayout? drawn;
    private Dictionary<string, MapService> services = [];
    private bool isPartial;

    [Inject]
    private ServiceMapReader Reader { get; set; } = null!;

    [Inject]
    private TelemetryRuns Runs { get; set; } = null!;

    /// <summary>How far back, in minutes.</summary>
    [SupplyParameterFromQuery]
    public string? Minutes { get; set; }

    /// <summary>The run's name; none: the current one.</summary>
    [SupplyParameterFromQuery]
    public string? Run { get; set; }

    /// <summary><c>true</c>: databases are shown, too.</summary>
    [SupplyParameterFromQuery]
    public string? Databases { get; set; }

    /// <summary><c>false</c>: replays are not shown.</summary>
    [SupplyParameterFromQuery]
    public string? Replays { get; set; }

    /// <summary>Whose connections stand out.</summary>
    [SupplyParameterFromQuery]
    public string? Focus { get; set; }

    /// <inheritdoc />
    protected override bool IsLive => string.IsNullOrEmpty(Run);

    private bool WithDatabases => Databases == "true";

    private bool WithReplays => Replays != "false";

    /// <inheritdoc />
    protected override async Task ReadAsync(CancellationToken cancellationToken)
    {
        var run = Runs.Chosen(Run);
        var (start, end) = TimeRange.Of(Minutes, run, Runs, Clock);
        var map = await Reader.ReadAsync(run, start, end, cancellationToken);
        services = map.Services.ToDictionary(static service => service.Name);
        isPartial = map.IsPartial;
        drawn = MapLayout.Of(map.Services, [.. map.Edges.Where(edge => (WithDatabases || edge.Kind != EdgeKind.Database) && (WithReplays || !edge.IsReplay))], Focus);
    }

    private static string By(MapEdge edge) => edge.Kind switch
    {
        EdgeKind.Message => edge.Via is null ? "message" : $"stream {edge.Via}",
        EdgeKind.Database => "database",
        EdgeKind.External => "call, outside",
        _ => "call",
    };

    private static string Describe(MapLine line) =>
        string.Join('\n', line.Edges.Select(edge => $"{edge.From} → {edge.To} ({By(edge)}{(edge.IsReplay ? ", replay" : "")}): {Format.Rate(edge.PerSecond)}, p50 {Format.Duration(edge.P50)}, p95 {Format.Duration(edge.P95)}, p99 {Format.Duration(edge.P99)}, {Format.Share(edge.ErrorShare)} failed"));

    private static string LineClass(MapLine line)
    {
        var kind = line.IsReplay ? "replayed" : line.Edges[0].Kind == EdgeKind.Message ? "message" : "call";
        return $"map-line {kind} {(line.ErrorShare >= ManyErrors ? "failing" : "")}";
    }

    private string Dimmed(string one, string other) => Focus is null || one == Focus || other == Focus || (one == other && drawn!.Lines.Any(line => (line.From == one && line.To == Focus) || (line.To == one && line.From == Focus))) ? "" : "dimmed";

    private static string Thickness(MapLine line) => Number(Math.Clamp(1 + Math.Log10(1 + line.PerSecond), 1, 5));

    private static string Number(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Cut(string name) => name.Length <= MaxName ? name : $"{name[..(MaxName - 1)]}…";
}
