using System.Net;
using FlowPlatform.Dashboard.Layout;
using FlowPlatform.Dashboard.Receiving;
using FlowPlatform.Dashboard.Resources;
using FlowPlatform.Dashboard.Security;
using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Dashboard.Streams;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection.Extensions;
using ServiceDefaults.Containers;

namespace FlowPlatform.Dashboard;

/// <summary>Puts the dashboard together.</summary>
internal static class DashboardApp
{
    private const int MaxConnections = 1_024;

    /// <exception cref="DashboardSettingsException">A setting is missing or wrong.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        // By its own name and from its own directory, also where something else has started it: else the files for browsers are not found.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ApplicationName = typeof(DashboardApp).Assembly.GetName().Name, ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseStaticWebAssets();
        builder.Configuration.AddSecretFiles();
        builder.Logging.ClearProviders();
        builder.Logging.AddSimpleConsole(static console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning).AddFilter("Grpc", LogLevel.Warning);
        // Nothing to be warned of: addresses are listened on by hand, and keys lie in files that only their owner can read.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Error).AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        configure?.Invoke(builder);
        var settings = DashboardSettings.From(builder.Configuration);
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, settings));
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(settings);
        builder.Services.AddTelemetryStore(settings.Telemetry);
        builder.Services.AddOtlpReceiving(settings.OtlpKey);
        builder.Services.AddStreamWatching(builder.Configuration);
        builder.Services.AddFrontendSecurity(settings.Frontend, builder.Configuration, settings.IsLoopbackOnly);
        builder.Services.AddResourceWatching(builder.Configuration);
        builder.Services.AddPages();
        builder.Services.AddHealthChecks().AddCheck<IntakeHealth>("telemetry");

        var app = builder.Build();
        app.UseRouting();
        app.UseMiddleware<OtlpAccess>();
        app.UseFrontendSecurity();
        app.MapOtlpReceiving();
        app.MapHealthChecks("/health").AllowAnonymous();
        app.MapHealthChecks("/alive", new() { Predicate = static _ => false }).AllowAnonymous();
        app.MapLogout();
        app.MapPages();
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
        DashboardLog.Pages(app.Logger, settings.Frontend.Mode == FrontendAuthMode.BrowserToken ? $"{addresses.Pages[0]}{Login.Path}?{Login.TokenParameter}={settings.Frontend.BrowserToken}" : addresses.Pages[0]);
        if (!settings.HasLoopbackPages && settings.Urls.Any(static uri => uri.Scheme == Uri.UriSchemeHttp))
        {
            DashboardLog.PlainHttp(app.Logger);
        }

        DashboardLog.Listening(app.Logger, addresses.OtlpGrpc, addresses.OtlpHttp, settings.Telemetry.Directory);
    }
}

/// <summary>Where the dashboard listens.</summary>
/// <param name="Pages">For browsers.</param>
/// <param name="OtlpGrpc">For <c>OTEL_EXPORTER_OTLP_PROTOCOL=grpc</c>.</param>
/// <param name="OtlpHttp">For <c>OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf</c>.</param>
internal sealed record DashboardAddresses(IReadOnlyList<string> Pages, string OtlpGrpc, string OtlpHttp);
