using System.Net;
using System.Net.Http.Json;
using Contracts;
using Contracts.Http;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orders;
using Services.Tests.Orders;
using Simulator.Replay;

namespace Services.Tests.BrokerOutage;

/// <summary>Orders with a real broker of its own, which is really stopped and started again.</summary>
public sealed class BrokerOutageTests : IAsyncLifetime
{
    private const int Limit = 40;
    private readonly TemporaryDirectory directory = new();
    private PrivateBroker? broker;
    private WebApplication? app;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        broker = await PrivateBroker.StartAsync(Options(), null, Cancellation);
        await StartServiceAsync();
        foreach (var stream in new[] { "inventory", "payments", "shipments" })
        {
            await app!.Services.GetRequiredService<IEventLog>().EnsureStreamAsync(new StreamDefinition(stream, 3), Cancellation);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopServiceAsync();
        if (broker is not null)
        {
            await broker.DisposeAsync();
        }

        directory.Dispose();
    }

    [Fact]
    public async Task Without_a_broker_orders_are_taken_up_to_the_limit_and_afterwards_nothing_is_lost_or_doubled()
    {
        var accepted = new List<string>();
        await AcceptAsync(accepted, 20);
        await RoomAsync();

        await StopBrokerAsync();
        await AcceptAsync(accepted, Limit);
        await ShouldBeFullAsync();

        // The limit is counted from the store: a restart does not forget it, and needs no broker.
        await StopServiceAsync();
        await StartServiceAsync();
        await ShouldBeFullAsync();
        (await PostAsync(Requests.Order(accepted[^1]))).ShouldBe(HttpStatusCode.OK);
        (await GetAsync<OrderView>($"/orders/{accepted[^1]}")).Status.ShouldBe("placed");
        (await GetAsync<OrderPage>("/orders")).Orders.ShouldNotBeEmpty();

        // The simulator goes on asking until there is room.
        using var http = new Clients(app!.Urls.First());
        var batch = Enumerable.Range(0, 30).Select(number => Requests.Order($"late-{number:00}")).ToList();
        var insisting = new ActionSender(new ServiceCalls(http, TimeProvider.System)).SendAsync(batch, Cancellation);
        await Eventually.ThatAsync("the batch was refused", () => http.Refused > 0);
        insisting.IsCompleted.ShouldBeFalse();

        await StartBrokerAsync();
        await insisting.WaitAsync(TimeSpan.FromSeconds(60), Cancellation);
        accepted.AddRange(batch.Select(order => order.OrderId));

        // The batch was taken as soon as there was any room, and may have filled the outbox beyond it.
        await RoomAsync();
        await AcceptAsync(accepted, 5);
        await RoomAsync();

        var records = await ReadLogAsync((await StatusAsync()).Streams);
        records.Select(record => record.Event.Key).Order(StringComparer.Ordinal).ShouldBe(accepted.Order(StringComparer.Ordinal));
        foreach (var partition in records.GroupBy(record => record.Partition))
        {
            partition.Select(record => record.Event.Sequence).ShouldBe(Enumerable.Range(1, partition.Count()).Select(number => (long)number), $"{partition.Key} is in order, without hole or double");
        }

        await Eventually.ThatAsync("all orders are listed", async () => (await GetAsync<OrdersSummary>("/orders/summary")).ByStatus["placed"] == accepted.Count, TimeSpan.FromSeconds(60));
    }

    private PrivateBrokerOptions Options() => new() { DataDirectory = Path.Combine(directory.Path, "broker"), AmqpPort = broker?.AmqpPort, StreamPort = broker?.StreamPort };

    private async Task StopBrokerAsync()
    {
        await broker!.DisposeAsync();
        broker.Exited.IsCompleted.ShouldBeTrue();
    }

    /// <summary>On the same data and the same ports, as an operator would.</summary>
    private async Task StartBrokerAsync() => broker = await PrivateBroker.StartAsync(Options(), null, Cancellation);

    private async Task StartServiceAsync()
    {
        app = OrdersApp.Build(
            [
                $"--FLOW_DATA={Path.Combine(directory.Path, "orders")}", $"--FLOW_OUTBOX_LIMIT={Limit}", $"--ConnectionStrings:rabbitmq={broker!.AmqpUri}",
                $"--ConnectionStrings:rabbitmq-stream={broker.StreamUri}", "--urls=http://127.0.0.1:0", "--environment=Production",
            ],
            flow =>
            {
                flow.UseStore(typeof(OrdersApp).Assembly).UseRabbitMq();
                flow.Services.AddLogging(logging => logging.ClearProviders());
            });
        await app.StartAsync(Cancellation);
    }

    private async Task StopServiceAsync()
    {
        if (app is not null)
        {
            await app.StopAsync(CancellationToken.None);
            await app.DisposeAsync();
        }
    }

    /// <summary>All is in the log, and it is written down: only then is an order surely taken. The status knows of a confirm before that.</summary>
    private Task RoomAsync()
    {
        var room = app!.Services.GetRequiredService<IServiceStore>().Outbox.Room;
        return Eventually.ThatAsync("the outbox has room", () => room.Unconfirmed == 0, TimeSpan.FromSeconds(60));
    }

    private async Task AcceptAsync(List<string> accepted, int count)
    {
        for (var number = 0; number < count; number++)
        {
            var id = $"{accepted.Count:000}";
            (await PostAsync(Requests.Order(id))).ShouldBe(HttpStatusCode.Accepted, id);
            accepted.Add(id);
        }
    }

    private async Task ShouldBeFullAsync()
    {
        using var client = Client();
        using var refused = await client.PostAsJsonAsync("/orders", Requests.Order("refused"), FlowJson.Options, Cancellation);
        refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        refused.Headers.RetryAfter.ShouldNotBeNull();
        (await refused.Content.ReadAsStringAsync(Cancellation)).ShouldContain("FLOW_OUTBOX_LIMIT");
        (await StatusAsync()).Outbox.Depth.ShouldBe(Limit);
    }

    private async Task<HttpStatusCode> PostAsync(PlaceOrder order)
    {
        using var client = Client();
        using var answer = await client.PostAsJsonAsync("/orders", order, FlowJson.Options, Cancellation);
        return answer.StatusCode;
    }

    private Task<FlowStatus> StatusAsync() => GetAsync<FlowStatus>("/flow/status");

    private async Task<T> GetAsync<T>(string path)
    {
        using var client = Client();
        return (await client.GetFromJsonAsync<T>(path, FlowJson.Options, Cancellation))!;
    }

    private HttpClient Client() => new() { BaseAddress = new Uri(app!.Urls.First()) };

    private async Task<List<LogRecord>> ReadLogAsync(IReadOnlyList<PublishedPartitionStatus> ends)
    {
        var log = app!.Services.GetRequiredService<IEventLog>();
        var records = new List<LogRecord>();
        foreach (var end in ends.Where(end => end.LastSequence > 0))
        {
            await using var reader = await log.OpenReaderAsync(new PartitionId(end.Stream, end.Partition), LogPosition.First, Cancellation);
            var last = await log.ReadLastAsync(reader.Partition, Cancellation);
            for (var at = -1L; at < last!.Value.Offset;)
            {
                using var batch = await reader.ReadAsync(Cancellation);
                records.AddRange(batch.Records);
                at = batch.Records[^1].Offset;
            }
        }

        return records;
    }

    /// <summary>Counts refusals on their way to the simulator's caller.</summary>
    private sealed class Clients(string address) : DelegatingHandler(new SocketsHttpHandler()), IHttpClientFactory
    {
        private int refused;

        public int Refused => Volatile.Read(ref refused);

        public HttpClient CreateClient(string name) => new(this, disposeHandler: false) { BaseAddress = new Uri(address) };

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                Interlocked.Increment(ref refused);
            }

            return answer;
        }
    }
}
