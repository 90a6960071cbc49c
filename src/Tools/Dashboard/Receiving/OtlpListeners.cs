using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace FlowPlatform.Dashboard.Receiving;

/// <summary>Marks connections to the addresses for telemetry, so that pages are not answered there, nor telemetry taken at the pages' address.</summary>
internal sealed class OtlpConnection
{
    private static readonly OtlpConnection Instance = new();

    /// <summary>Whether a request came in at an address for telemetry.</summary>
    public static bool Is(HttpContext http) => http.Features.Get<OtlpConnection>() is not null;

    public static void Mark(ListenOptions listen) =>
        listen.Use(next => connection =>
        {
            connection.Features.Set(Instance);
            return next(connection);
        });
}
