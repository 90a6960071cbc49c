using FlowPlatform.Consumers;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Orchestration.Postgres;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Benchmarks.Running;

/// <summary>A service in this process: its flow on a log that is given and a new store of its own, both gone with it. Services that are measured beside each other share a process, which is the hardest for them.</summary>
internal sealed class BenchService : IAsyncDisposable
{
    private readonly IHost host;
    private readonly IEventLog log;
    private readonly TemporaryDirectory directory;
    private readonly TestDatabase? database;
    private readonly Action? release;

    private BenchService(IHost host, IEventLog log, TemporaryDirectory directory, TestDatabase? database, Action? release)
    {
        this.host = host;
        this.log = log;
        this.directory = directory;
        this.database = database;
        this.release = release;
    }

    public IServiceStore Store => host.Services.GetRequiredService<IServiceStore>();

    /// <summary>Where its SQLite files are.</summary>
    public string Directory => directory.Path;

    /// <param name="bench">The run.</param>
    /// <param name="kind"><c>sqlite</c> or <c>postgres</c>.</param>
    /// <param name="log">Its log, which it disposes of.</param>
    /// <param name="declare">What flows through it.</param>
    /// <param name="release">Called before it is stopped, so that consumers that hang can end.</param>
    public static async Task<BenchService> StartAsync(Bench bench, string kind, IEventLog log, Action<FlowBuilder> declare, Action? release = null)
    {
        var database = kind == "postgres" ? await bench.CreateDatabaseAsync() : null;
        var directory = new TemporaryDirectory();
        var name = bench.NewName("service");
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([database is null ? new("FLOW_DATA", directory.Path) : new($"ConnectionStrings:{name}-db", database.ConnectionString)]);
        builder.Logging.ClearProviders();
        builder.AddFlow(name, flow =>
        {
            flow.UseStore(typeof(BenchService).Assembly);
            flow.Services.AddSingleton(log);
            declare(flow);
        });
        var host = builder.Build();
        await host.StartAsync();
        return new BenchService(host, log, directory, database, release);
    }

    /// <summary>The sum of all marks that a consumer has committed: with one producer from 1 on, how many events it has.</summary>
    public async Task<long> CommittedAsync<TConsumer>()
        where TConsumer : Consumer => (await CheckpointsAsync<TConsumer>()).Sum(state => state.Checkpoint.Mark);

    public Task<FlowStatus> StatusAsync() => host.Services.GetRequiredService<FlowMonitor>().GetStatusAsync(CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        release?.Invoke();
        await host.StopAsync();
        await ((IAsyncDisposable)host).DisposeAsync();
        await log.DisposeAsync();
        directory.Dispose();
        await (database?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private Task<IReadOnlyList<CheckpointState>> CheckpointsAsync<TConsumer>()
        where TConsumer : Consumer =>
        host.Services.GetRequiredService<FlowRuntime>().StoreOf(typeof(TConsumer)).Checkpoints.LoadAsync(host.Services.GetRequiredService<TConsumer>().Name, CancellationToken.None);
}
