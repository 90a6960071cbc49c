using System.Reflection;
using Microsoft.AspNetCore.Components;

namespace FlowPlatform.Dashboard.Layout;

/// <summary>The pages, in the order of the navigation. An entry is shown as soon as a page has its route: nothing leads nowhere.</summary>
internal static class Navigation
{
    private static readonly HashSet<string> Routes = [.. typeof(Navigation).Assembly.GetTypes().SelectMany(static type => type.GetCustomAttributes<RouteAttribute>()).Select(static route => route.Template.TrimStart('/'))];

    private static readonly NavigationGroup[] All =
    [
        new("System", [new("Resources", "resources", "resources"), new("Console", "console", "console")]),
        new("Telemetry", [new("Structured logs", "logs", "logs"), new("Traces", "traces", "traces"), new("Service map", "map", "map"), new("Metrics", "metrics", "metrics")]),
        new("Flow", [new("Streams", "streams", "streams"), new("Events", "events", "events"), new("Parked", "parked", "parked")]),
        new("Read models", [new("Projections", "projections", "projections"), new("Explore", "explore", "explore")]),
    ];

    /// <summary>What there is.</summary>
    public static IReadOnlyList<NavigationGroup> Groups { get; } =
        [.. All.Select(static group => group with { Entries = [.. group.Entries.Where(static entry => Routes.Contains(entry.Href))] }).Where(static group => group.Entries.Count > 0)];

    /// <summary>The page that the dashboard opens with.</summary>
    public static string First => Groups[0].Entries[0].Href;
}
