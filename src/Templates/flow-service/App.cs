using FlowPlatform.Hosting;
using ServiceDefaults;

namespace ServiceNamespace;

/// <summary>The service: what it reads and what it answers.</summary>
internal static class App
{
    /// <summary>Builds it on the store and log that <paramref name="infrastructure"/> chooses: the real ones in Program.cs, a test's own in tests.</summary>
    public static WebApplication Build(string[] args, Action<FlowBuilder> infrastructure)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.AddFlow("service-name", flow =>
        {
            infrastructure(flow);
            flow.Projection<DailyCounts>("stream-name");
        });

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapDailyCounts();
        return app;
    }
}
