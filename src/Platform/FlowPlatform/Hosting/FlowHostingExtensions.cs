using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace FlowPlatform.Hosting;

/// <summary>Adds a flow to a host.</summary>
public static class FlowHostingExtensions
{
    /// <summary>
    /// Adds the flow of a service. The store, the log and the command bus are chosen by extensions of their own packages on the same builder.
    /// Setting <c>FLOW_STOP_TIMEOUT</c> (seconds, default 4) is how long a stop waits for the batch in progress before it abandons it.
    /// </summary>
    /// <param name="builder">The host's builder.</param>
    /// <param name="service">Name of the service: lower-case, as in the log's <c>source</c> and the producer's reference.</param>
    /// <param name="configure">Declares streams, consumers and commands.</param>
    public static IHostApplicationBuilder AddFlow(this IHostApplicationBuilder builder, string service, Action<FlowBuilder> configure)
    {
        var definition = new FlowDefinition(service) { StopTimeout = StopTimeout(builder.Configuration) };
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(definition);
        builder.Services.AddSingleton(definition.Published);
        builder.Services.AddSingleton<FlowRuntime>();
        builder.Services.AddSingleton<FlowMonitor>();
        builder.Services.AddSingleton<FlowRepair>();
        builder.Services.AddSingleton<FlowParking>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<FlowRuntime>());
        builder.Services.AddHealthChecks().AddCheck<FlowMonitor>("flow");
        configure(new FlowBuilder(definition, builder.Services, builder.Configuration));
        return builder;
    }

    private static TimeSpan StopTimeout(IConfiguration configuration) =>
        configuration["FLOW_STOP_TIMEOUT"] is not { Length: > 0 } text ? ConsumerDefinition.StopTimeout
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds <= 3_600 ? TimeSpan.FromSeconds(seconds)
        : throw new InvalidOperationException($"FLOW_STOP_TIMEOUT is '{text}'. It must be a number of seconds from 0 to 3600.");
}
