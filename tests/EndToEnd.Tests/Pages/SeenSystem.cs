using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;

namespace FlowPlatform.EndToEnd.Tests.Pages;

/// <summary>One whole system with its dashboard, and with some orders shipped, for all tests of pages: they look at it, and leave it as it was.</summary>
public sealed class SeenSystem : IAsyncLifetime
{
    /// <summary>So that every page has something to show; then it is quiet.</summary>
    private const int Orders = 40;

    private readonly TemporaryDirectory folder = new();
    private AppHostProcess? host;

    internal AppHostProcess Host => host ?? throw new InvalidOperationException("The system does not run.");

    internal IReadOnlyDictionary<string, Uri> Urls { get; private set; } = new Dictionary<string, Uri>();

    /// <summary>What the AppHost prints: opens the pages, logged in.</summary>
    internal Uri Link { get; private set; } = new("about:blank");

    public async ValueTask InitializeAsync()
    {
        host = await AppHostProcess.StartAsync(Path.Combine(folder.Path, "data"), "--dashboard", "--orders", $"{Orders}", "--rate", "20/s");
        Urls = await host.UrlsAsync();
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(host.Data, "apphost.json")));
        Link = new Uri(json.RootElement.GetProperty("dashboard").GetString().ShouldNotBeNull());
        await host.FlowsAsync();
    }

    /// <summary>Places an order as a customer's own traced system does. Returns the id of its trace.</summary>
    internal async Task<string> PlaceAsync(string orderId)
    {
        var trace = ActivityTraceId.CreateRandom().ToHexString();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Urls["orders"], "orders"))
        {
            Content = JsonContent.Create(new { orderId, customerId = "17850", country = "France", placedAt = "2010-12-01T10:00:00Z", lines = new[] { new { code = "85123A", quantity = 1, unitPrice = "2.55" } } }),
            Headers = { { "traceparent", $"00-{trace}-{ActivitySpanId.CreateRandom().ToHexString()}-01" } },
        };
        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        response.EnsureSuccessStatusCode();
        return trace;
    }

    public async ValueTask DisposeAsync()
    {
        await (host?.DisposeAsync() ?? ValueTask.CompletedTask);
        folder.Dispose();
    }
}
