using System.Text.Json;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.OpenApi;
using ServiceDefaults;
using ServiceDefaults.Telemetry;

namespace Microsoft.Extensions.Hosting;

/// <summary>What every service has in common; nothing of its business.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>Less than the AppHost's 10 s, so that a service ends by itself before it is killed.</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(8);

    private const long DefaultMaxBody = 4 * 1024 * 1024;

    /// <summary>
    /// Adds health checks, problem details, JSON conventions, OpenAPI, console logging, HTTP clients that find services by name, a bounded shutdown, and OpenTelemetry where
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set.
    /// <c>FLOW_MAX_REQUEST_BODY</c> sets the greatest request body in bytes (default 4 MiB).
    /// </summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.AddConsoleLog();
        builder.AddServiceClients();
        builder.AddTelemetry();
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        services.Configure<KestrelServerOptions>(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = builder.Configuration.GetValue("FLOW_MAX_REQUEST_BODY", DefaultMaxBody);
        });
        services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [HealthEndpoints.Live]);
        services.ConfigureHttpJsonOptions(json => UseFlowJson(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddProblemDetails();
        services.AddExceptionHandler<ProblemExceptionHandler>();
        services.AddOpenApi(openApi => openApi.AddSchemaTransformer((schema, context, _) =>
        {
            if (context.JsonTypeInfo.Type == typeof(decimal) || context.JsonTypeInfo.Type == typeof(decimal?))
            {
                schema.Type = JsonSchemaType.String;
                schema.Format = "decimal";
            }

            return Task.CompletedTask;
        }));
        return builder;
    }

    /// <summary>Maps <c>/health</c>, <c>/alive</c>, <c>/flow/status</c> (where there is a flow) and <c>/openapi/v1.json</c>, and answers every fault with problem details. Call it before mapping endpoints.</summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseStatusCodePages();
        app.MapHealthEndpoints();
        app.MapOpenApi();
        if (app.Services.GetRequiredService<IServiceProviderIsService>().IsService(typeof(FlowMonitor)))
        {
            app.MapGet("/flow/status", (FlowMonitor monitor, CancellationToken cancellationToken) => monitor.GetStatusAsync(cancellationToken)).ExcludeFromDescription();
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
        foreach (var converter in flow.Converters)
        {
            options.Converters.Add(converter);
        }
    }
}
