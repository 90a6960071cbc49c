using FlowPlatform.Hosting;
using ServiceDefaults;

namespace Insights;

/// <summary>The service: what the business earns, by time and country.</summary>
internal static class InsightsApp
{
    /// <summary>Builds it on the store and log that <paramref name="infrastructure"/> chooses.</summary>
    public static WebApplication Build(string[] args, Action<FlowBuilder> infrastructure)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.AddFlow("insights", flow =>
        {
            infrastructure(flow);
            flow.Projection<Revenue>("orders", "payments");
        });

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapRevenue();
        return app;
    }
}
