using FlowPlatform.Benchmarks.Measuring;
using FlowPlatform.Benchmarks.Running;
using FlowPlatform.Log;
using MassTransit;

namespace FlowPlatform.Benchmarks.Scenarios;

/// <summary>A message bus on the same broker, doing what it is most often taken for.</summary>
internal sealed class Peers() : Scenario(
    "masstransit",
    "The same payload. MassTransit: 1,000 sends at a time to a classic queue, each confirmed; a handler that does nothing, prefetch 1,000. FlowPlatform: 1,000 decisions at a time, each committed in a SQLite store with its event, until the broker has confirmed all; a projection that does nothing, its checkpoint committed in SQLite. What the one keeps is a queue, emptied by one consumer; the other a log, read by any number.")
{
    private const int AtATime = 1_000;
    private const ushort Prefetch = 1_000;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public override async Task<Result> RunAsync(Bench bench) => await MeasureAsync(
        bench,
        new("MassTransit", () => MassTransitAsync(bench, bench.Count(15_000), concurrency: null)),
        new("MassTransit, one message at a time, in order", () => MassTransitAsync(bench, bench.Count(15_000), concurrency: 1)),
        new("FlowPlatform, decision to broker, projection", () => FlowAsync(bench, bench.Count(40_000))));

    private static async Task<IReadOnlyList<Sample>> MassTransitAsync(Bench bench, int count, int? concurrency)
    {
        var queue = bench.NewName("queue");
        var sales = Sales.Of(count).ToList();
        var received = 0;
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await Queues.DeclareAsync(bench, queue);
        var sender = CreateBus(bench, null);
        await sender.StartAsync();
        var endpoint = await sender.GetSendEndpoint(new Uri($"exchange:{queue}"));
        var sending = new Stretch();
        foreach (var batch in sales.Chunk(AtATime))
        {
            await Task.WhenAll(batch.Select(sold => endpoint.Send(sold)));
        }

        var sent = sending.End("publish", count);
        await sender.StopAsync();
        var receiver = CreateBus(bench, bus => bus.ReceiveEndpoint(queue, receive =>
        {
            receive.ConfigureConsumeTopology = false;
            receive.PrefetchCount = Prefetch;
            receive.ConcurrentMessageLimit = concurrency;
            receive.Handler<Sold>(_ =>
            {
                if (Interlocked.Increment(ref received) == count)
                {
                    ended.TrySetResult();
                }

                return Task.CompletedTask;
            });
        }));
        var receiving = new Stretch();
        await receiver.StartAsync();
        await ended.Task.WaitAsync(Limit);
        var consumed = receiving.End("consume", count);
        await receiver.StopAsync();
        await Queues.DeleteAsync(bench, queue);
        return [.. sent, .. consumed];
    }

    private static IBusControl CreateBus(Bench bench, Action<IRabbitMqBusFactoryConfigurator>? configure) => Bus.Factory.CreateUsingRabbitMq(bus =>
    {
        var (address, user) = (bench.AmqpUri, bench.AmqpUri.UserInfo.Split(':'));
        bus.Host(address.Host, (ushort)address.Port, "/", host =>
        {
            host.Username(user[0]);
            host.Password(user[1]);
        });
        configure?.Invoke(bus);
    });

    private static async Task<IReadOnlyList<Sample>> FlowAsync(Bench bench, int count)
    {
        var stream = bench.Own(new StreamDefinition(bench.NewName("decisions"), 3));
        var sales = Sales.Of(count).ToList();
        IReadOnlyList<Sample> sent;
        await using (var producer = await BenchService.StartAsync(bench, "sqlite", bench.OpenLog(), flow => flow.Publishes<SalesEvent>(stream.Name)))
        {
            var sending = new Stretch();
            foreach (var batch in sales.Chunk(AtATime))
            {
                await Task.WhenAll(batch.Select(sold => producer.Store.WriteAsync(transaction => ValueTask.FromResult(transaction.Emit(sold, DateTimeOffset.UnixEpoch)), CancellationToken.None)));
            }

            await Eventually.ThatAsync("the broker has all", async () => (await producer.StatusAsync()).Outbox.Depth == 0);
            sent = sending.End("publish", count);
        }

        var progress = new CatchUp(count);
        var receiving = new Stretch();
        await using var consumer = await BenchService.StartAsync(bench, "sqlite", progress.Tap(bench.OpenLog()), flow => flow.Projection<Nothing>(stream.Name));
        await progress.RateAsync();
        return [.. sent, .. receiving.End("consume", count)];
    }
}
