using System.Net;
using System.Net.Http.Json;
using Contracts.Http;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using FlowPlatform.Orchestration.Postgres;
using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using FlowPlatform.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Orders;

namespace Services.Tests.Orders;

/// <summary>Two replicas of Orders on one Postgres database, without a broker: they share one outbox, and its limit.</summary>
public sealed class OutboxReplicasTests(PostgresFixture postgres) : IAsyncLifetime
{
    private const int Limit = 12;
    private readonly List<WebApplication> replicas = [];
    private TestDatabase? database;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        database = await postgres.CreateDatabaseAsync();
        await StartAsync();
        await StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in replicas)
        {
            await replica.StopAsync(CancellationToken.None);
            await replica.DisposeAsync();
        }

        await (database?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    [Fact]
    public async Task What_one_replica_takes_fills_the_outbox_of_all_and_each_of_them_sheds_load()
    {
        using var first = Client(0);
        using var second = Client(1);
        for (var number = 0; number < Limit; number++)
        {
            using var accepted = await PostAsync(number % 3 == 0 ? second : first, $"{number}");
            accepted.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        }

        var taken = Limit;
        foreach (var client in new[] { first, second })
        {
            await Eventually.ThatAsync("the replica refuses", async () =>
            {
                using var answer = await PostAsync(client, $"more-{taken}");
                taken += answer.StatusCode == HttpStatusCode.Accepted ? 1 : 0;
                return answer.StatusCode == HttpStatusCode.ServiceUnavailable && answer.Headers.RetryAfter?.Delta == TimeSpan.FromSeconds(5);
            });
        }

        foreach (var client in new[] { first, second })
        {
            (await client.GetFromJsonAsync<FlowStatus>("/flow/status", FlowJson.Options, Cancellation))!.Outbox.Depth.ShouldBe(taken, "either counts what both have taken");
            using var known = await PostAsync(client, "0");
            known.StatusCode.ShouldBe(HttpStatusCode.OK, "what was accepted, by whichever replica, is answered");
            (await client.GetFromJsonAsync<OrderView>("/orders/1", FlowJson.Options, Cancellation))!.Status.ShouldBe("placed");
        }
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string id) => client.PostAsJsonAsync("/orders", Requests.Order(id), FlowJson.Options, Cancellation);

    private HttpClient Client(int replica) => new() { BaseAddress = new Uri(replicas[replica].Urls.First()) };

    private async Task StartAsync()
    {
        var app = OrdersApp.Build(
            [
                $"--ConnectionStrings:orders-db={database!.ConnectionString}", $"--FLOW_OUTBOX_LIMIT={Limit}", "--ConnectionStrings:rabbitmq=amqp://nobody:nothing@127.0.0.1:1", "--urls=http://127.0.0.1:0",
                "--environment=Production",
            ],
            flow =>
            {
                flow.UseStore(typeof(OrdersApp).Assembly).UseRabbitMq();
                flow.Services.AddLogging(logging => logging.ClearProviders());
            });
        replicas.Add(app);
        await app.StartAsync(Cancellation);
    }
}
