using System.Net;
using System.Text.Json;
using Contracts.Http;
using FlowPlatform;
using FlowPlatform.Commands;
using FlowPlatform.Events;

namespace Shipping;

/// <summary>The courier says what it never should: a bug on either side.</summary>
internal sealed class CourierProtocolException(string message) : FlowException(message);

/// <summary>The courier over HTTP. It never declines, and books once per idempotency key, so whatever breaks is tried again.</summary>
internal sealed class Courier(HttpClient http)
{
    /// <returns>The tracking code.</returns>
    /// <exception cref="CommandRetryException">It can't now, or can't be reached.</exception>
    public async Task<string> BookAsync(Guid key, CourierRequest booking, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "courier/bookings") { Content = JsonContent.Create(booking, options: FlowJson.Options) };
        request.Headers.Add("Idempotency-Key", key.ToString());
        try
        {
            using var response = await http.SendAsync(request, cancellationToken);
            if ((int)response.StatusCode >= 500 || response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout)
            {
                throw new CommandRetryException($"The courier answered {(int)response.StatusCode} to order '{booking.OrderId}'.");
            }

            if (!response.IsSuccessStatusCode)
            {
                throw new CourierProtocolException(
                    $"The courier answered {(int)response.StatusCode} to order '{booking.OrderId}': {await response.Content.ReadAsStringAsync(cancellationToken)}");
            }

            return await response.Content.ReadFromJsonAsync<CourierAnswer>(FlowJson.Options, cancellationToken) is { TrackingCode: { Length: > 0 } code }
                ? code
                : throw new CourierProtocolException($"The courier booked order '{booking.OrderId}' without a tracking code.");
        }
        catch (Exception failed) when (failed is HttpRequestException or IOException or JsonException)
        {
            throw new CommandRetryException($"The courier could not be asked about order '{booking.OrderId}': {failed.Message}", failed);
        }
        catch (OperationCanceledException late) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CommandRetryException($"The courier did not answer about order '{booking.OrderId}' within {http.Timeout.TotalSeconds} s.", late);
        }
    }
}
