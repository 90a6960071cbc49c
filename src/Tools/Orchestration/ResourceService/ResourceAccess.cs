using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace FlowPlatform.Orchestration.ResourceService;

/// <summary>Lets in who has the key, and turns what is thrown into problem details.</summary>
internal sealed class ResourceAccess(string key)
{
    public const string Header = "X-Flow-Key";

    private readonly byte[] expected = Hash(key);

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        // Hashes have one length, so the comparison's time says nothing about the key.
        if (!CryptographicOperations.FixedTimeEquals(expected, Hash(context.Request.Headers[Header].ToString())))
        {
            await ResourceFaults.AnswerAsync(context, StatusCodes.Status401Unauthorized, "key-missing", $"Header {Header} with the resource service's key is required.");
            return;
        }
        try
        {
            await next(context);
            if (context.GetEndpoint() is null && !context.Response.HasStarted)
            {
                await ResourceFaults.AnswerAsync(context, StatusCodes.Status404NotFound, "unknown-path", "There is nothing here.");
            }
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The client left.
        }
        catch (Exception fault) when (!context.Response.HasStarted && ResourceFaults.Describe(fault) is { } described)
        {
            await ResourceFaults.AnswerAsync(context, described.Status, described.Code, fault.Message);
        }
    }

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
