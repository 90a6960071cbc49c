using Google.Protobuf.WellKnownTypes;
using Google.Rpc;

namespace FlowPlatform.Dashboard.Receiving;

/// <summary>An export request is not accepted, and why.</summary>
internal sealed class OtlpException(Code code, string message, TimeSpan? retryAfter = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Which fault it is; the same over gRPC and HTTP.</summary>
    public Code Code { get; } = code;

    /// <summary>When to send it again; null: never, it would not be accepted then, either.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>As OTLP's senders are told.</summary>
    public Status ToStatus()
    {
        var status = new Status { Code = (int)Code, Message = Message };
        if (RetryAfter is { } delay)
        {
            status.Details.Add(Any.Pack(new RetryInfo { RetryDelay = Duration.FromTimeSpan(delay) }));
        }

        return status;
    }
}
