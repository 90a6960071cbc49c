using System.Net.Http.Json;
using System.Text.Json;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>Asks Orders how far things are.</summary>
internal sealed class OrdersClient(Uri address) : IDisposable
{
    private readonly HttpClient http = new() { BaseAddress = address, Timeout = TimeSpan.FromSeconds(5) };

    /// <summary>Null while Orders does not answer.</summary>
    public async Task<Progress?> SummaryAsync()
    {
        try
        {
            var json = await http.GetFromJsonAsync<JsonElement>("orders/summary", TestContext.Current.CancellationToken);
            return new Progress(json.GetProperty("accepted").GetInt64(), json.GetProperty("byStatus").GetProperty("shipped").GetInt64());
        }
        catch (Exception down) when (down is HttpRequestException || (down is OperationCanceledException && !TestContext.Current.CancellationToken.IsCancellationRequested))
        {
            return null;
        }
    }

    public void Dispose() => http.Dispose();

    internal sealed record Progress(long Accepted, long Shipped);
}
