using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace ServiceDefaults.Telemetry;

/// <summary>Outermost middleware that completes the web server's span with what .NET 10 leaves out: route, status, protocol, name, fault.</summary>
internal sealed class RequestSpanFilter : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(InvokeAsync);
        next(app);
    };

    private static async Task InvokeAsync(HttpContext http, RequestDelegate next)
    {
        if (http.Features.Get<IHttpActivityFeature>()?.Activity is not { IsAllDataRequested: true } span)
        {
            await next(http);
            return;
        }

        // RabbitMQ.Client writes the broker's address onto whatever span is current.
        var (host, port) = (span.GetTagItem("server.address"), span.GetTagItem("server.port"));
        try
        {
            await next(http);
        }
        catch (Exception escaped)
        {
            Complete(span, http, StatusCodes.Status500InternalServerError, escaped);
            throw;
        }
        finally
        {
            span.SetTag("server.address", host).SetTag("server.port", port);
        }

        Complete(span, http, http.Response.StatusCode, http.Features.Get<IExceptionHandlerFeature>()?.Error);
    }

    private static void Complete(Activity span, HttpContext http, int status, Exception? fault)
    {
        // The exception handler takes the endpoint off the request and keeps it here.
        var endpoint = http.GetEndpoint() ?? http.Features.Get<IExceptionHandlerFeature>()?.Endpoint;
        if (endpoint is RouteEndpoint { RoutePattern.RawText: { } route })
        {
            span.SetTag("http.route", route);
            span.DisplayName = $"{http.Request.Method} {route}";
        }
        else
        {
            span.DisplayName = http.Request.Method;
        }

        span.SetTag("http.response.status_code", status);
        span.SetTag("network.protocol.version", http.Request.Protocol.StartsWith("HTTP/", StringComparison.Ordinal) ? http.Request.Protocol[5..] : http.Request.Protocol);
        if (status < StatusCodes.Status500InternalServerError)
        {
            return;
        }

        span.SetTag("error.type", fault?.GetType().FullName ?? status.ToString(CultureInfo.InvariantCulture));
        span.SetStatus(ActivityStatusCode.Error, fault?.Message);
        if (fault is not null)
        {
            span.AddException(fault);
        }
    }
}
