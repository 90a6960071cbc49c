namespace FlowPlatform.Dashboard.Security;

/// <summary>
/// Refuses what a page from elsewhere sends, and its WebSockets. To a cookie, every port of a machine is the same site: SameSite alone doesn't keep out what else runs there.
/// </summary>
internal sealed class SameOrigin(RequestDelegate next)
{
    public Task InvokeAsync(HttpContext context)
    {
        var request = context.Request;
        var origin = request.Headers.Origin.ToString();
        var changes = !HttpMethods.IsGet(request.Method) && !HttpMethods.IsHead(request.Method);
        if (origin.Length == 0 || IsOwn(origin, request) || !(changes || context.WebSockets.IsWebSocketRequest || request.Headers.Upgrade.Count > 0))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status403Forbidden;
        return context.Response.WriteAsync("This came from a page of another origin.", context.RequestAborted);
    }

    // The scheme may differ where a proxy ends TLS.
    private static bool IsOwn(string origin, HttpRequest request) => Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.Authority.Equals(request.Host.Value, StringComparison.OrdinalIgnoreCase);
}
