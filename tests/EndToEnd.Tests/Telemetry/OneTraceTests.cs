using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using FlowPlatform.Tests.Support;
using FlowPlatform.Tests.Support.Otlp;
using Simulator.Shop;

namespace FlowPlatform.EndToEnd.Tests.Telemetry;

/// <summary>Traces and metrics of the whole system on its real broker, as a collector gets them.</summary>
public sealed class OneTraceTests
{
    private const int Orders = 20;

    /// <summary>What a shipped order does, from the request to every database that knows of it.</summary>
    private const string Tree =
        """
        orders server POST /orders
          orders client COMMIT main.db
            orders producer send orders
              insights consumer process orders [revenue]
                insights client COMMIT revenue.g1.db
              inventory consumer process orders [stock-keeper]
                inventory client COMMIT main.db
                inventory producer send inventory
                  inventory consumer process inventory [stock-levels]
                    inventory client COMMIT stock-levels.g1.db
                  orders consumer process inventory [order-status]
                    orders client COMMIT order-status.g1.db
                  payments consumer process inventory [cashier]
                    payments client COMMIT main.db
                    payments producer send payments.charge-card
                      payments consumer process payments.charge-card [payments]
                        payments client COMMIT main.db
                        payments client POST
                          simulator server POST /gateway/charges
                            simulator client COMMIT simulator.db
                        payments producer send payments
                          orders consumer process payments [order-status]
                            orders client COMMIT order-status.g1.db
                          shipping consumer process payments [dispatcher]
                            shipping client COMMIT main.db
                            shipping producer send shipping.book-courier
                              shipping consumer process shipping.book-courier [shipping]
                                shipping client COMMIT main.db
                                shipping client POST
                                  simulator server POST /courier/bookings
                                    simulator client COMMIT simulator.db
                                shipping producer send shipments
                                  inventory consumer process shipments [stock-keeper]
                                    inventory client COMMIT main.db
                                    inventory producer send inventory
                                      inventory consumer process inventory [stock-levels]
                                        inventory client COMMIT stock-levels.g1.db
                                      orders consumer process inventory [order-status]
                                        orders client COMMIT order-status.g1.db
                                  orders consumer process shipments [order-status]
                                    orders client COMMIT order-status.g1.db
                  shipping consumer process inventory [dispatcher]
                    shipping client COMMIT main.db
              orders consumer process orders [order-status]
                orders client COMMIT order-status.g1.db
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_order_is_one_trace_through_all_services_and_a_new_consumer_replays_beside_it()
    {
        using var folder = new TemporaryDirectory();
        var data = Path.Combine(folder.Path, "data");
        var dataset = await SyntheticDataset.WriteAsync(folder.Path, new SyntheticFile.Options { Seed = 3, Orders = Orders });

        await using var first = await OtlpReceiver.StartAsync();
        await using (var host = await StartAsync(data, dataset, first.Settings(grpc: true)))
        {
            await OrderIsOneTraceAsync(host, first, "TRACED-1");
            await AppHostProcess.SignalAsync("TERM", host.ProcessId);
            await host.ExitAsync(TimeSpan.FromMinutes(1));
        }

        // A service that is new to the log: it reads all of it.
        Directory.Delete(Path.Combine(data, "insights"), recursive: true);
        await using var second = await OtlpReceiver.StartAsync();
        await using (var host = await StartAsync(data, dataset, second.Settings(grpc: false)))
        {
            await Eventually.ThatAsync("the replay is exported", () => second.Spans.Any(span => span.IsReplay));
            await OrderIsOneTraceAsync(host, second, "TRACED-2");
        }

        ReplayIsApart(first, second);
        LatencyIsOfLiveTraffic(second);
        foreach (var receiver in (OtlpReceiver[])[first, second])
        {
            receiver.Faults.ShouldBeEmpty();
            receiver.Spans.ShouldNotContain(span => IsProbe(span.Text("url.path")) || IsProbe(span.Text("url.full")));
        }
    }

    private static bool IsInsights(string service) => service.Equals("insights", StringComparison.OrdinalIgnoreCase);

    private static bool IsProbe(string? address) => address is not null && (address.Contains("/health", StringComparison.Ordinal) || address.Contains("/flow/status", StringComparison.Ordinal));

    private static Task<AppHostProcess> StartAsync(string data, string dataset, Dictionary<string, string?> settings) =>
        AppHostProcess.StartAsync(data, settings, "--dataset", dataset, "--speed", "max");

    private static async Task OrderIsOneTraceAsync(AppHostProcess host, OtlpReceiver receiver, string orderId)
    {
        var urls = await host.UrlsAsync();
        using var orders = new OrdersClient(urls["orders"]);
        await host.UntilAsync("the dataset is shipped", async () => await orders.SummaryAsync() is { Shipped: >= Orders });
        await host.UntilAsync("every consumer is at the end of the log", async () => await AllAsync(urls, AtEnd));

        var (trace, caller) = (ActivityTraceId.CreateRandom().ToHexString(), ActivitySpanId.CreateRandom().ToHexString());
        var customer = $"customer-{Guid.NewGuid():N}";
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(urls["orders"], "orders"))
        {
            Content = JsonContent.Create(new
            {
                orderId,
                customerId = customer,
                country = "France",
                placedAt = "2010-12-01T10:00:00Z",
                lines = new[] { new { code = "85123A", quantity = 3, unitPrice = "2.55" } },
            }),
            Headers = { { "traceparent", $"00-{trace}-{caller}-01" } },
        };
        using var response = await http.SendAsync(request, Token);
        response.EnsureSuccessStatusCode();

        try
        {
            await Eventually.ThatAsync("the trace is whole", () => TraceTree.Of(receiver.Spans, trace, caller) == Tree);
        }
        catch (FlowTestException late)
        {
            Assert.Fail($"{late.Message} It is:\n{TraceTree.Of(receiver.Spans, trace, caller)}");
        }

        SpansFollowTheConventions([.. receiver.Spans.Where(span => span.TraceId == trace)], orderId);
        await Eventually.ThatAsync("a latency leads to the trace", () => receiver.Points.Any(point => point.Metric == "flow.event.latency" && point.ExemplarTraceIds.Contains(trace)));
        receiver.Mentions(customer).ShouldBeFalse("Who a customer is belongs in no trace, metric or log.");
        MetricsAreThere(receiver);
    }

    private static void SpansFollowTheConventions(List<OtlpSpan> trace, string orderId)
    {
        trace.ShouldAllBe(span => !span.IsReplay);
        foreach (var span in trace.Where(span => span.Attributes.ContainsKey("messaging.system")))
        {
            span.Text("messaging.system").ShouldBe("rabbitmq");
            var operation = span.Kind == OtlpKind.Consumer ? "process" : "send";
            span.Text("messaging.operation.name").ShouldBe(operation);
            span.Text("messaging.operation.type").ShouldBe(operation);
            span.Name.ShouldBe($"{operation} {span.Text("messaging.destination.name")}");
            Guid.TryParse(span.Text("messaging.message.id"), out _).ShouldBeTrue(span.ToString());
        }

        var consumed = trace.First(span => span.Name == "process orders");
        consumed.Text("flow.event.type").ShouldBe("orders.placed.v1");
        consumed.Text("messaging.destination.partition.id").ShouldBeOneOf("0", "1", "2");
        foreach (var commit in trace.Where(span => span.Name.StartsWith("COMMIT", StringComparison.Ordinal)))
        {
            commit.Kind.ShouldBe(OtlpKind.Client);
            commit.Text("db.system.name").ShouldBe("sqlite");
            commit.Name.ShouldBe($"COMMIT {commit.Text("db.namespace")}");
            commit.Attributes.Values.ShouldNotContain(value => value as string == orderId);
        }
    }

    private static void MetricsAreThere(OtlpReceiver receiver)
    {
        (string Name, string Unit)[] expected =
        [
            ("flow.consumer.lag", "{event}"), ("flow.consumer.delay", "s"), ("flow.batch.size", "{event}"), ("flow.commit.duration", "s"), ("flow.outbox.depth", "{event}"),
            ("flow.parked.keys", "{key}"), ("flow.event.latency", "s"), ("http.server.request.duration", "s"),
        ];
        foreach (var (name, unit) in expected)
        {
            receiver.Points.ShouldContain(point => point.Metric == name && point.Unit == unit, name);
        }
    }

    private static void ReplayIsApart(OtlpReceiver first, OtlpReceiver second)
    {
        var live = first.Spans.Where(span => span.Name == "send orders").Select(span => (span.TraceId, span.SpanId)).ToHashSet();
        var replays = second.Spans.Where(span => span.IsReplay).ToList();
        replays.ShouldAllBe(span => IsInsights(span.Service) && span.ParentId.Length == 0 && span.Kind == OtlpKind.Consumer);
        replays.SelectMany(span => span.Links).Count(live.Contains).ShouldBePositive("A replay leads to what it replays.");
        var past = first.Spans.Select(span => span.TraceId).ToHashSet();
        second.Spans.ShouldNotContain(span => past.Contains(span.TraceId), "Nothing of the second run belongs to a trace of the first.");
        replays.Sum(span => (long)span.Attributes["messaging.batch.message_count"]!).ShouldBeGreaterThanOrEqualTo(Orders + 1);
    }

    private static void LatencyIsOfLiveTraffic(OtlpReceiver second)
    {
        var insights = second.Points.Where(point => IsInsights(point.Service)).ToList();
        insights.Where(point => point.Metric == "flow.batch.size").Max(point => point.Value).ShouldBeGreaterThan(Orders);
        insights.Where(point => point.Metric == "flow.event.latency").GroupBy(point => point.Attributes["flow.stream"]).Sum(stream => (long)stream.Max(point => point.Count)).ShouldBeLessThan(Orders);
    }

    private static bool AtEnd(JsonElement status) =>
        status.GetProperty("consumers").EnumerateArray().All(consumer => consumer.GetProperty("state").GetString() == "live" && consumer.TryGetProperty("lag", out var lag) && lag is { ValueKind: JsonValueKind.Number } && lag.GetInt64() == 0);

    private static async Task<bool> AllAsync(IReadOnlyDictionary<string, Uri> urls, Func<JsonElement, bool> holds)
    {
        using var http = new HttpClient();
        foreach (var service in AppHostProcess.Services.Except(["simulator"]))
        {
            if (!holds(await http.GetFromJsonAsync<JsonElement>(new Uri(urls[service], "flow/status"), Token)))
            {
                return false;
            }
        }

        return true;
    }
}
