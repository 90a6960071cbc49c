using System.Globalization;
using FlowPlatform.Log;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Postgres;
using FlowPlatform.RabbitMQ;
using RabbitMQ.Client;

namespace FlowPlatform.Benchmarks.Running;

/// <summary>
/// A run: its servers, and how much of everything. The broker is the one that the tests use, a private node (FLOW_TEST_RABBITMQ names another); Postgres likewise (FLOW_TEST_POSTGRES), started for the
/// first scenario that asks for it.
/// </summary>
internal sealed class Bench(SharedTestBroker broker, int rounds, double scale, Action<string> progress) : IAsyncDisposable
{
    private readonly List<StreamDefinition> streams = [];
    private SharedTestPostgres? postgres;
    private int names;

    /// <summary>Rounds that count.</summary>
    public int Rounds => rounds;

    public Uri AmqpUri => new(broker.AmqpUri);

    public Uri StreamUri => new(broker.StreamUri);

    /// <summary>A superuser's connection string; null while nobody has asked for Postgres.</summary>
    public string? PostgresServer => postgres?.ConnectionString;

    public void Progress(string text) => progress(text);

    /// <summary>So many, or fewer in a small run.</summary>
    public int Count(int full) => Math.Max(20, (int)(full * scale));

    /// <summary>So long, or shorter in a small run.</summary>
    public TimeSpan Time(double seconds) => TimeSpan.FromSeconds(Math.Max(0.2, seconds * scale));

    /// <summary>A name that nobody else has.</summary>
    public string NewName(string purpose) => string.Create(CultureInfo.InvariantCulture, $"bench-{purpose}-{Environment.ProcessId}-{TimeProvider.System.GetUtcNow().ToUnixTimeSeconds()}-{Interlocked.Increment(ref names)}");

    public RabbitMqEventLog OpenLog() => new(new RabbitMqEventLogOptions { AmqpUri = AmqpUri, StreamUri = StreamUri, ConnectionName = "benchmarks" }, TimeProvider.System);

    /// <summary>A new stream, which goes with the run.</summary>
    public async Task<StreamDefinition> CreateStreamAsync(IEventLog log, string purpose, int partitions)
    {
        var stream = Own(new StreamDefinition(NewName(purpose), partitions));
        await log.EnsureStreamAsync(stream, CancellationToken.None);
        return stream;
    }

    /// <summary>The stream goes with the run.</summary>
    public StreamDefinition Own(StreamDefinition stream)
    {
        streams.Add(stream);
        return stream;
    }

    public async Task<TestDatabase> CreateDatabaseAsync()
    {
        postgres ??= await SharedTestPostgres.AcquireAsync(CancellationToken.None);
        return await postgres.CreateDatabaseAsync(CancellationToken.None);
    }

    /// <summary>A connection of the AMQP client.</summary>
    public Task<IConnection> ConnectAsync() => new ConnectionFactory { Uri = AmqpUri }.CreateConnectionAsync("benchmarks");

    /// <summary>Deletes what the scenarios so far have left in the broker.</summary>
    public async Task DeleteStreamsAsync()
    {
        await using var connection = await ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        foreach (var stream in streams)
        {
            foreach (var partition in stream.PartitionIds)
            {
                await channel.QueueDeleteAsync(partition.Name);
            }

            await channel.ExchangeDeleteAsync(stream.Name);
        }

        streams.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await (postgres?.DisposeAsync() ?? ValueTask.CompletedTask);
        await broker.DisposeAsync();
    }
}
