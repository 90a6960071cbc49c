using Dapper;
using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Tests.Compliance;

/// <summary>Somebody passed a gate. The ballast fills segments.</summary>
[Event("passages.passed.v1", Key = nameof(Gate))]
internal sealed record Passed(string Gate, int Number, string? Ballast = null);

/// <summary>Keeps every passage under its event's id: a second application of the same event fails loudly.</summary>
internal sealed class Passages : Projection
{
    public Passages()
    {
        Parks = false;
        On<Passed>((passed, context) => context.ExecuteAsync("INSERT INTO passage (event_id, number) VALUES (@Id, @Number)", new { context.Record.Event.Id, passed.Number }));
    }
}

/// <summary>A service in the real runtime, on a log that the test gives it: it publishes passages, or it folds them. Dispose and start again with the same directory: a restart.</summary>
internal sealed class LogIdentityService : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly IHost host;
    private bool disposed;

    private LogIdentityService(IHost host) => this.host = host;

    public FlowRepair Repair => host.Services.GetRequiredService<FlowRepair>();

    public IServiceStore Store => host.Services.GetRequiredService<IServiceStore>();

    private FlowMonitor Monitor => host.Services.GetRequiredService<FlowMonitor>();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static Task<LogIdentityService> StartProducerAsync(IEventLog log, StreamDefinition stream, string directory) =>
        StartAsync("gates", log, directory, flow => flow.Publishes<Passed>(stream.Name, stream.Partitions, _ => stream));

    public static Task<LogIdentityService> StartReaderAsync(IEventLog log, StreamDefinition stream, string directory) =>
        StartAsync("counting", log, directory, flow => flow.Projection<Passages>(stream.Name));

    /// <summary>Decides on so many passages, and waits until the log has confirmed them.</summary>
    public async Task PassAsync(int first, int count, string gate = "north", string? ballast = null)
    {
        await Store.WriteAsync(
            transaction =>
            {
                foreach (var number in Enumerable.Range(first, count))
                {
                    transaction.Emit(new Passed(gate, number, ballast), DateTimeOffset.UnixEpoch);
                }

                return ValueTask.FromResult(true);
            },
            Cancel);
        await Eventually.ThatAsync("the log has confirmed them, and it is written down", async () => (await Store.Outbox.ReadHeadsAsync(Cancel)).All(head => head.Confirmed == head.Assigned), Patience);
    }

    public Task<FlowStatus> StatusAsync() => Monitor.GetStatusAsync(Cancel);

    public async Task<HealthCheckResult> HealthAsync() => await Monitor.CheckHealthAsync(new HealthCheckContext(), Cancel);

    /// <summary>The numbers that were applied, in order.</summary>
    public async Task<List<int>> NumbersAsync()
    {
        await using var connection = await host.Services.GetRequiredService<ProjectionReader<Passages>>().OpenAsync(Cancel);
        return (await connection.QueryAsync<int>("SELECT number FROM passage ORDER BY number")).AsList();
    }

    public Task HasAsync(IEnumerable<int> numbers) => HasAsync([.. numbers]);

    /// <summary>The reader is in that state in a partition, and says these words.</summary>
    public Task<ConsumerPartitionStatus> IsAsync(string state, params string[] words) => Find(
        $"the reader is {state} and says: {string.Join(" … ", words)}",
        async () => (await StatusAsync()).Consumers.FirstOrDefault(row => row.State == state && words.All(word => row.Error?.Contains(word, StringComparison.Ordinal) == true)));

    /// <summary>The outbox is in that state, and says these words.</summary>
    public Task<OutboxStatus> OutboxIsAsync(string state, params string[] words) => Find(
        $"the outbox is {state} and says: {string.Join(" … ", words)}",
        async () => (await StatusAsync()).Outbox is { } outbox && outbox.State == state && words.All(word => outbox.Error?.Contains(word, StringComparison.Ordinal) == true) ? outbox : null);

    public async ValueTask DisposeAsync()
    {
        if (!disposed)
        {
            disposed = true;
            await host.StopAsync(CancellationToken.None);
            await ((IAsyncDisposable)host).DisposeAsync();
        }
    }

    private static async Task<LogIdentityService> StartAsync(string service, IEventLog log, string directory, Action<FlowBuilder> declare)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("FLOW_DATA", directory)]);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(log);
        builder.AddFlow(service, flow => declare(flow.UseStore(typeof(LogIdentityService).Assembly)));
        var host = builder.Build();
        await host.StartAsync(Cancel);
        return new LogIdentityService(host);
    }

    private async Task HasAsync(List<int> numbers) => await Eventually.ThatAsync(
        $"the reader has {numbers.Count} passages, {numbers[0]} to {numbers[^1]}", NumbersAsync, applied => applied.SequenceEqual(numbers), Patience);

    private static async Task<T> Find<T>(string condition, Func<Task<T?>> find)
        where T : class => (await Eventually.ThatAsync(condition, find, found => found is not null, Patience))!;
}
