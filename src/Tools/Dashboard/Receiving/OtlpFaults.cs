using System.Globalization;
using System.Net.Mime;
using Google.Protobuf;
using Code = Google.Rpc.Code;

namespace FlowPlatform.Dashboard.Receiving;

/// <summary>Answers an export request that is not accepted, in the form of its transport.</summary>
internal static class OtlpFaults
{
    public const string Protobuf = "application/x-protobuf";
    public const string Grpc = "application/grpc";

    public static bool IsGrpc(HttpRequest request) => request.ContentType?.StartsWith(Grpc, StringComparison.OrdinalIgnoreCase) == true;

    /// <summary>Over HTTP the body is a google.rpc.Status; over gRPC the answer has trailers only, which come as headers.</summary>
    public static async Task AnswerAsync(HttpContext http, OtlpException fault)
    {
        var status = fault.ToStatus();
        if (IsGrpc(http.Request))
        {
            http.Response.ContentType = Grpc;
            http.Response.Headers["grpc-status"] = status.Code.ToString(CultureInfo.InvariantCulture);
            http.Response.Headers["grpc-message"] = Uri.EscapeDataString(status.Message);
            http.Response.Headers["grpc-status-details-bin"] = Convert.ToBase64String(status.ToByteArray()).TrimEnd('=');
            return;
        }

        http.Response.StatusCode = StatusCodeOf(fault.Code);
        http.Response.ContentType = Protobuf;
        if (fault.RetryAfter is { } delay)
        {
            http.Response.Headers.RetryAfter = Math.Ceiling(delay.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        await http.Response.BodyWriter.WriteAsync(status.ToByteArray(), http.RequestAborted);
    }

    /// <summary>Only 429, 502, 503 and 504 make a sender try again.</summary>
    private static int StatusCodeOf(Code code) => code switch
    {
        Code.Unauthenticated => StatusCodes.Status401Unauthorized,
        Code.Unavailable => StatusCodes.Status429TooManyRequests,
        Code.ResourceExhausted => StatusCodes.Status413PayloadTooLarge,
        Code.Unimplemented => StatusCodes.Status415UnsupportedMediaType,
        _ => StatusCodes.Status400BadRequest,
    };
}
