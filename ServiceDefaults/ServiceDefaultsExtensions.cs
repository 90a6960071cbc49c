using System.Text.Json;
using System.Text.Json.Serialization;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ServiceDefaults;
using ServiceDefaults.Admin;
using ServiceDefaults.Api;
using ServiceDefaults.Containers;
using ServiceDefaults.Limits;
using ServiceDefaults.Telemetry;

namespace Microsoft.Extensions.Hosting;

/// <summary>What every service has in common; nothing of its business.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>How long a service may take to stop besides its flow's batch in progress; both together are less than the AppHost's 10 s, so that it ends by itself before it is killed.</summary>
    private static readonly TimeSpan ShutdownRest = TimeSpan.FromSeconds(4);

    /// <summary>
    /// Adds health checks, problem details, JSON conventions, OpenAPI, console logging, HTTP clients that find services by name, a bounded shutdown, and OpenTelemetry where
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set.
    /// Limits of size, number, rate and time have defaults; <c>FLOW_MAX_REQUEST_BODY</c>, <c>FLOW_MAX_CONNECTIONS</c>, <c>FLOW_MAX_CONCURRENT_REQUESTS</c>, <c>FLOW_REQUEST_TIMEOUT</c>,
    /// <c>FLOW_CLIENT_RATE</c>, <c>FLOW_CLIENT_BURST</c> and <c>FLOW_ADMIN_RATE</c> change them (docs/api.md). Where <c>FLOW_SECRETS</c> names a directory, its files are settings, too (<see cref="SecretFiles"/>).
    /// </summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        // Before anything reads a setting.
        builder.Configuration.AddSecretFiles();
        builder.AddConsoleLog();
        builder.AddServiceClients();
        builder.AddTelemetry();
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.AddOptions<HostOptions>().Configure<IServiceProvider>(static (host, provider) => host.ShutdownTimeout = (provider.GetService<FlowDefinition>()?.StopTimeout ?? TimeSpan.Zero) + ShutdownRest);
        services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false);
        builder.AddRequestLimits();
        services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [HealthEndpoints.Live]);
        services.ConfigureHttpJsonOptions(json => UseFlowJson(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddProblemDetails(problems => problems.CustomizeProblemDetails = RequestFaults.Explain);
        services.AddExceptionHandler<ProblemExceptionHandler>();
        services.AddApiDocument();
        return builder;
    }

    /// <summary>Maps <c>/health</c>, <c>/alive</c>, where there is a flow <c>/flow/status</c> and the administrative verbs below <c>/flow</c>, and <c>/openapi/v1.json</c>, and answers every fault with problem details. Call it before mapping endpoints.</summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.UseRequestLimits();
        app.MapHealthEndpoints();
        app.MapOpenApi();
        if (app.Services.GetRequiredService<IServiceProviderIsService>().IsService(typeof(FlowMonitor)))
        {
            app.MapFlowStatus();
            var flow = app.Services.GetRequiredService<FlowDefinition>();
            var admin = app.MapFlowAdmin();
            admin.MapParking(flow.ConsumerNames);
            admin.MapRepair(flow);
            admin.MapContracts();
        }

        return app;
    }

    private static void UseFlowJson(JsonSerializerOptions options)
    {
        var flow = FlowJson.Options;
        options.PropertyNamingPolicy = flow.PropertyNamingPolicy;
        options.DictionaryKeyPolicy = flow.DictionaryKeyPolicy;
        options.DefaultIgnoreCondition = flow.DefaultIgnoreCondition;
        options.NumberHandling = flow.NumberHandling;
        options.Encoder = flow.Encoder;
        // A misspelt field would be left out in silence, and a repeated one read by whoever comes first in another way.
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        foreach (var converter in flow.Converters)
        {
            options.Converters.Add(converter);
        }
    }
}
