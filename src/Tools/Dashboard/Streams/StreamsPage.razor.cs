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

    private readonly HashSet<string> open = [];
    private FlowView? view;

    [Inject]
    private FlowViews Views { get; set; } = null!;

    [Inject]
    private ServiceAddresses Addresses { get; set; } = null!;

    [Inject]
    private LogConnection Connection { get; set; } = null!;

    [Inject]
    private NavigationManager Navigation { get; set; } = null!;

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
