using System.Net;
using FlowPlatform.Dashboard.Events;
using FlowPlatform.Dashboard.Parked;
using FlowPlatform.Dashboard.Receiving;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Streams;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FlowPlatform.Dashboard;

/// <summary>Puts the dashboard together.</summary>
internal static class DashboardApp
{
    private const int MaxConnections = 1_024;

    /// <exception cref="DashboardSettingsException">A setting is missing or wrong.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(static console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning).AddFilter("Grpc", LogLevel.Warning);
        configure?.Invoke(builder);
        var settings = DashboardSettings.From(builder.Configuration);
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, settings));
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(settings);
        builder.Services.AddTelemetryStore(settings.Telemetry);
        builder.Services.AddOtlpReceiving(settings.OtlpKey);
        builder.Services.AddStreamWatching(builder.Configuration);
        builder.Services.AddEventReading(builder.Configuration);
        builder.Services.AddSingleton<ParkedClient>();
        builder.Services.AddHealthChecks().AddCheck<IntakeHealth>("telemetry");

        var app = builder.Build();
        app.UseRouting();
        app.UseMiddleware<OtlpAccess>();
        app.MapOtlpReceiving();
        app.MapHealthChecks("/health");
        app.MapHealthChecks("/alive", new() { Predicate = static _ => false });
        app.Lifetime.ApplicationStarted.Register(() => Announce(app, settings));
        return app;
    }

    /// <summary>Where it listens, once it does.</summary>
    public static DashboardAddresses AddressesOf(WebApplication app, DashboardSettings settings)
    {
        var all = app.Urls.ToList();
        return new DashboardAddresses([.. all.Take(settings.Urls.Count)], all[^2], all[^1]);
    }

    private static void Listen(KestrelServerOptions kestrel, DashboardSettings settings)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = MaxConnections;
        foreach (var uri in settings.Urls)
        {
            Listen(kestrel, uri, HttpProtocols.Http1AndHttp2, static _ => { });
        }

        // Without TLS a client can't choose: gRPC has an address of its own.
        Listen(kestrel, settings.OtlpGrpc, HttpProtocols.Http2, OtlpConnection.Mark);
        Listen(kestrel, settings.OtlpHttp, HttpProtocols.Http1, OtlpConnection.Mark);
    }

    private static void Listen(KestrelServerOptions kestrel, Uri uri, HttpProtocols protocols, Action<ListenOptions> mark)
    {
        void Configure(ListenOptions listen)
        {
            listen.Protocols = uri.Scheme == Uri.UriSchemeHttp && protocols == HttpProtocols.Http1AndHttp2 ? HttpProtocols.Http1 : protocols;
            mark(listen);
            if (uri.Scheme == Uri.UriSchemeHttps)
            {
                listen.UseHttps();
            }
        }

        if (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address))
        {
            kestrel.Listen(address, uri.Port, Configure);
        }
        else
        {
            kestrel.ListenLocalhost(uri.Port, Configure);
        }
    }

    private static void Announce(WebApplication app, DashboardSettings settings)
    {
        var addresses = AddressesOf(app, settings);
        DashboardLog.Listening(app.Logger, addresses.OtlpGrpc, addresses.OtlpHttp, settings.Telemetry.Directory);
    }
}

/// <summary>Where the dashboard listens.</summary>
/// <param name="Pages">For browsers.</param>
/// <param name="OtlpGrpc">For <c>OTEL_EXPORTER_OTLP_PROTOCOL=grpc</c>.</param>
/// <param name="OtlpHttp">For <c>OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf</c>.</param>
internal sealed record DashboardAddresses(IReadOnlyList<string> Pages, string OtlpGrpc, string OtlpHttp);
