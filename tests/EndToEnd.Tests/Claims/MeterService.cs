using FlowPlatform.Consumers;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.EndToEnd.Tests.Claims;

/// <summary>A running service, as its <c>Program.cs</c> would build it, on the real broker and on its own <see cref="ServicePlace"/>. Started again on the same place it goes on.</summary>
internal sealed class MeterService : IAsyncDisposable
{
    /// <summary>Events of one decision: enough for a chunk in each of three partitions.</summary>
    private const int Decision = 500;
    private static readonly DateTimeOffset Noon = new(2016, 9, 29, 12, 0, 0, TimeSpan.Zero);
    private readonly IHost host;
    private bool stopped;

    private MeterService(IHost host, Obstacle obstacle)
    {
        this.host = host;
        Obstacle = obstacle;
    }

    public Obstacle Obstacle { get; }

    private FlowRuntime Runtime => host.Services.GetRequiredService<FlowRuntime>();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <param name="servers">The test run's.</param>
    /// <param name="place">Where it keeps what is its own.</param>
    /// <param name="declare">What flows through it.</param>
    /// <param name="obstacle">What is in the way of some of its consumers; default: nothing.</param>
    public static async Task<MeterService> StartAsync(ClaimServers servers, ServicePlace place, Action<FlowBuilder> declare, Obstacle? obstacle = null)
    {
        var broker = await servers.BrokerAsync();
        obstacle ??= new Obstacle();
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([.. place.Settings, new("ConnectionStrings:rabbitmq", broker.AmqpUri), new("ConnectionStrings:rabbitmq-stream", broker.StreamUri)]);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(obstacle);
        builder.AddFlow(place.Name, flow =>
        {
            flow.UseStore(typeof(MeterService).Assembly).UseRabbitMq();
            declare(flow);
        });
        var host = builder.Build();
        await host.StartAsync(Token);
        return new MeterService(host, obstacle);
    }

    public Task<FlowStatus> StatusAsync() => host.Services.GetRequiredService<FlowMonitor>().GetStatusAsync(Token);

    /// <summary>Decides: the events are committed in the outbox when it returns.</summary>
    public async Task EmitAsync(IEnumerable<MeterRead> readings)
    {
        var store = host.Services.GetRequiredService<IServiceStore>();
        foreach (var decision in readings.Chunk(Decision))
        {
            await store.WriteAsync(
                transaction =>
                {
                    Array.ForEach(decision, read => transaction.Emit(read, Noon));
                    return ValueTask.FromResult(true);
                },
                Token);
        }
    }

    /// <summary>Waits until the log has everything that was decided.</summary>
    public Task HasPublishedAsync() => Eventually.ThatAsync("the log has all that was decided", StatusAsync, static status => status.Outbox.Depth == 0);

    /// <summary>How far a consumer has committed, by partition: greatest sequence applied, and how many events were applied in all.</summary>
    public async Task<Dictionary<PartitionId, (long Mark, long Applied)>> CommittedAsync<TConsumer>()
        where TConsumer : Consumer
    {
        var states = await Runtime.StoreOf(typeof(TConsumer)).Checkpoints.LoadAsync(host.Services.GetRequiredService<TConsumer>().Name, Token);
        return states.ToDictionary(state => state.Checkpoint.Partition, state => (state.Checkpoint.Mark, state.Checkpoint.Applied));
    }

    /// <summary>Waits until a consumer has committed everything that a producer has decided up to now.</summary>
    public async Task HasAllOfAsync<TConsumer>(MeterService producer)
        where TConsumer : Consumer
    {
        var ends = (await producer.StatusAsync()).Streams.Where(stream => stream.LastSequence > 0).ToDictionary(stream => new PartitionId(stream.Stream, stream.Partition), stream => stream.LastSequence);
        ends.Count.ShouldBeGreaterThan(1, "events in several partitions");
        await Eventually.ThatAsync(
            $"{typeof(TConsumer).Name} has all events",
            CommittedAsync<TConsumer>,
            committed => ends.All(end => committed.GetValueOrDefault(end.Key).Mark >= end.Value),
            TimeSpan.FromMinutes(1));
    }

    /// <summary>Rows of a projection's table.</summary>
    public Task<IReadOnlyList<string>> RowsAsync<TProjection>(string table)
        where TProjection : Projection => Tables.DumpAsync(Runtime.StoreOf(typeof(TProjection)), table);

    /// <summary>One hash over all rows of a projection.</summary>
    public Task<string> HashAsync<TProjection>()
        where TProjection : Projection => Tables.HashAsync(Runtime.StoreOf(typeof(TProjection)));

    public async ValueTask DisposeAsync()
    {
        if (!stopped)
        {
            stopped = true;
            Obstacle.Clear();
            await host.StopAsync(CancellationToken.None);
            await ((IAsyncDisposable)host).DisposeAsync();
        }
    }
}
