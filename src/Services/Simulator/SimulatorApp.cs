using Simulator.Gateway;
using Simulator.Replay;
using Simulator.Storage;

namespace Simulator;

/// <summary>Puts the service together.</summary>
internal static class SimulatorApp
{
    private const long MaxBody = 64 * 1024;

    /// <summary>Builds it; opens its store.</summary>
    /// <exception cref="SimulatorException">The store can't be opened.</exception>
    public static WebApplication Build(WebApplicationBuilder builder, SimulatorOptions options)
    {
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = MaxBody);
        foreach (var service in SimulatorOptions.Services)
        {
            builder.Services.AddHttpClient(service, client => client.BaseAddress = new Uri($"http://{service}/"));
        }

        builder.Services.AddSingleton(options);
        builder.Services.AddSingleton<SessionOutcome>();
        builder.Services.AddSingleton(_ => SimulatorStore.Open(options.DataDirectory));
        // A dataset is to arrive whole: its cards are never declined for good.
        builder.Services.AddSingleton(new Outages(options.Seed, declines: options.Dataset is null));
        builder.Services.AddSingleton<Book>();
        builder.Services.AddSingleton<ServiceCalls>();
        builder.Services.AddHostedService<Session>();
        var app = builder.Build();
        app.Services.GetRequiredService<SimulatorStore>();
        app.MapDefaultEndpoints();
        app.MapGateway();
        return app;
    }
}
