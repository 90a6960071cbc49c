using Simulator.Checks;
using Simulator.Gateway;
using Simulator.Replay;
using Simulator.Storage;
using Simulator.Watching;

namespace Simulator;

/// <summary>Puts the service together.</summary>
internal static class SimulatorApp
{
    private const long MaxBody = 64 * 1024;

    /// <summary>Builds it; opens its store.</summary>
    /// <param name="builder">With the service defaults.</param>
    /// <param name="options">What to do.</param>
    /// <param name="output">Where to show what flows.</param>
    /// <exception cref="SimulatorException">The store can't be opened.</exception>
    public static WebApplication Build(WebApplicationBuilder builder, SimulatorOptions options, TextWriter output)
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
        builder.Services.AddSingleton<InputGate>();
        builder.Services.AddSingleton<RunningCheck>();
        builder.Services.AddSingleton(services => new Display(output, services.GetRequiredService<TimeProvider>(), options.Terminal));
        builder.Services.AddHostedService<Session>();
        var app = builder.Build();
        app.Services.GetRequiredService<SimulatorStore>();
        app.MapDefaultEndpoints();
        app.MapGateway();
        RunningCheck.Map(app);
        return app;
    }
}
