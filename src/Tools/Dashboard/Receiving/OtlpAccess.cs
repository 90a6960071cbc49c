using System.Security.Cryptography;
using System.Text;
using Code = Google.Rpc.Code;

namespace FlowPlatform.Dashboard.Receiving;

/// <summary>An endpoint that takes telemetry.</summary>
internal sealed record OtlpEndpoint(IOtlpSignal Signal);

/// <summary>Lets telemetry in: at its own addresses only, with the key, and no more at a time than can be worked on.</summary>
/// <param name="key">What a sender must know; null: nothing, because it was said so.</param>
/// <param name="gate">Bounds what is at work.</param>
internal sealed class OtlpAccess(string? key, OtlpGate gate) : IMiddleware
{
    private const string Header = "x-otlp-api-key";
    private readonly byte[]? expected = key is null ? null : Encoding.UTF8.GetBytes(key);

    /// <inheritdoc />
    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var signal = context.GetEndpoint()?.Metadata.GetMetadata<OtlpEndpoint>()?.Signal;
        if (OtlpConnection.Is(context) != signal is not null)
        {
            // Also for gRPC: it takes a 404 for "unimplemented".
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        if (signal is null)
        {
            await next(context);
            return;
        }

        try
        {
            CheckKey(context.Request, signal);
            signal.CheckRoom(context.Request.ContentLength ?? 1);
            await EnterAsync(signal, context.RequestAborted);
        }
        catch (OtlpException fault)
        {
            await OtlpFaults.AnswerAsync(context, fault);
            return;
        }

        try
        {
            await next(context);
        }
        finally
        {
            gate.Leave();
        }
    }

    private async Task EnterAsync(IOtlpSignal signal, CancellationToken cancellationToken)
    {
        try
        {
            await gate.EnterAsync(cancellationToken);
        }
        catch (OtlpException)
        {
            signal.Intake.Add(Storage.Outcome.QueueFull, 0, requests: 1);
            throw;
        }
    }

    private void CheckKey(HttpRequest request, IOtlpSignal signal)
    {
        if (expected is not null && !CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(request.Headers[Header].ToString()), expected))
        {
            signal.Intake.Add(Storage.Outcome.Unauthenticated, 0, requests: 1);
            throw new OtlpException(Code.Unauthenticated, $"The header {Header} is missing or wrong.");
        }
    }
}
