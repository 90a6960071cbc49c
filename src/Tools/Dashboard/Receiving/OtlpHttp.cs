using System.Buffers;
using System.IO.Compression;
using System.Net.Mime;
using Google.Protobuf;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Net.Http.Headers;
using Code = Google.Rpc.Code;

namespace FlowPlatform.Dashboard.Receiving;

/// <summary>OTLP over HTTP with protobuf, plain or gzip.</summary>
internal static class OtlpHttp
{
    public static void MapOtlpHttp(this IEndpointRouteBuilder app, IEnumerable<IOtlpSignal> signals)
    {
        foreach (var signal in signals)
        {
            app.MapPost(signal.Path, (HttpContext http) => TakeAsync(http, signal)).WithMetadata(new OtlpEndpoint(signal)).DisableAntiforgery().AllowAnonymous();
        }
    }

    private static async Task TakeAsync(HttpContext http, IOtlpSignal signal)
    {
        try
        {
            var answer = await ReadAsync(http, signal);
            http.Response.ContentType = OtlpFaults.Protobuf;
            await http.Response.BodyWriter.WriteAsync(answer.ToByteArray(), http.RequestAborted);
        }
        catch (OtlpException fault)
        {
            await OtlpFaults.AnswerAsync(http, fault);
        }
    }

    private static async Task<IMessage> ReadAsync(HttpContext http, IOtlpSignal signal)
    {
        if (!MediaTypeHeaderValue.TryParse(http.Request.ContentType, out var type) || !type.MediaType.Equals(OtlpFaults.Protobuf, StringComparison.OrdinalIgnoreCase))
        {
            throw new OtlpException(Code.Unimplemented, $"Only {OtlpFaults.Protobuf} is taken here.");
        }

        var encoding = http.Request.Headers.ContentEncoding.ToString();
        if (encoding is not ("" or "identity" or "gzip"))
        {
            throw new OtlpException(Code.Unimplemented, "Only gzip is taken as content encoding.");
        }

        http.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = OtlpLimits.MaxMessage;
        var buffer = ArrayPool<byte>.Shared.Rent(64 << 10);
        try
        {
            await using var body = encoding == "gzip" ? new GZipStream(http.Request.Body, CompressionMode.Decompress, leaveOpen: true) : http.Request.Body;
            var length = 0;
            while (await body.ReadAsync(buffer.AsMemory(length), http.RequestAborted) is > 0 and var read)
            {
                length += read;
                if (length > OtlpLimits.MaxMessage)
                {
                    throw TooLarge();
                }

                if (length == buffer.Length)
                {
                    buffer = Grow(buffer);
                }
            }

            return signal.Take(buffer, length);
        }
        catch (BadHttpRequestException e) when (e.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw TooLarge();
        }
        catch (InvalidDataException e)
        {
            signal.Intake.Add(Storage.Outcome.Malformed, 0, requests: 1);
            throw new OtlpException(Code.InvalidArgument, $"The body is no gzip: {e.Message}", inner: e);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        OtlpException TooLarge()
        {
            signal.Intake.Add(Storage.Outcome.Malformed, 0, requests: 1);
            return new OtlpException(Code.ResourceExhausted, $"A request can have {OtlpLimits.MaxMessage} bytes, not compressed. Send smaller batches.");
        }
    }

    private static byte[] Grow(byte[] buffer)
    {
        var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
        buffer.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
