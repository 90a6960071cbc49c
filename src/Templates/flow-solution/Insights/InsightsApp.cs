using FlowPlatform.Hosting;
using ServiceDefaults;

namespace Insights;

/// <summary>The service: what is sold where, folded from the log into a database of its own.</summary>
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
            flow.Projection<CountrySales>("orders");
        });

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapCountrySales();
        return app;
    }
}
