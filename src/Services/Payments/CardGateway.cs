using System.Net;
using System.Text.Json;
using Contracts.Http;
using FlowPlatform;
using FlowPlatform.Events;

namespace Payments;

/// <summary>What is known after a call to the gateway.</summary>
internal abstract record GatewayReply
{
    /// <summary>It answered for good.</summary>
    public sealed record Answered(GatewayAnswer Answer) : GatewayReply;

    /// <summary>No money moved: the gateway said that it can't now (<paramref name="Refused"/>), or it could not even be reached.</summary>
    public sealed record NotDone(string Why, bool Refused) : GatewayReply;

    /// <summary>The call broke: money may have moved, or not.</summary>
    public sealed record Unknown(string Why) : GatewayReply;
}

/// <summary>The gateway says what it never should: a bug on either side.</summary>
internal sealed class GatewayProtocolException(string message) : FlowException(message);

/// <summary>
/// The card gateway over HTTP. It moves money once per idempotency key, and only when it answers 200; a 503 is decided before anything is booked, so it says that <em>this</em> call moved nothing.
/// </summary>
internal sealed class CardGateway(HttpClient http)
{
    public Task<GatewayReply> ChargeAsync(Guid key, string reference, decimal amount, CancellationToken cancellationToken) =>
        AskAsync("gateway/charges", key, reference, amount, cancellationToken);

    public Task<GatewayReply> RefundAsync(Guid key, string reference, decimal amount, CancellationToken cancellationToken) =>
        AskAsync("gateway/refunds", key, reference, amount, cancellationToken);

    private async Task<GatewayReply> AskAsync(string path, Guid key, string reference, decimal amount, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(new GatewayRequest(reference, amount), options: FlowJson.Options) };
        request.Headers.Add("Idempotency-Key", key.ToString());
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            return await ReadAsync(response, path, cancellationToken);
        }
        catch (HttpRequestException failed) when (failed.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError)
        {
            return new GatewayReply.NotDone(failed.Message, Refused: false);
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException or JsonException)
        {
            return new GatewayReply.Unknown(failed.Message);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new GatewayReply.Unknown($"no answer within {http.Timeout.TotalSeconds} s");
        }
    }

    private static async Task<GatewayReply> ReadAsync(HttpResponseMessage response, string path, CancellationToken cancellationToken)
    {
        if (response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests)
        {
            return new GatewayReply.NotDone($"the gateway answered {(int)response.StatusCode}", Refused: true);
        }

        if ((int)response.StatusCode >= 500 || response.StatusCode == HttpStatusCode.RequestTimeout)
        {
            return new GatewayReply.Unknown($"the gateway answered {(int)response.StatusCode}");
        }

        if (!response.IsSuccessStatusCode)
        {
            throw new GatewayProtocolException($"The card gateway answered {(int)response.StatusCode} to {path}: {await response.Content.ReadAsStringAsync(cancellationToken)}");
        }

        return await response.Content.ReadFromJsonAsync<GatewayAnswer>(FlowJson.Options, cancellationToken) is { } answer && (!answer.Approved || answer.Authorization is not null)
            ? new GatewayReply.Answered(answer)
            : throw new GatewayProtocolException($"The card gateway approved {path} without an authorization.");
    }
}
