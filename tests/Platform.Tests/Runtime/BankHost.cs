using Dapper;
using FlowPlatform.Commands;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Support;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Tests.Runtime;

/// <summary>A small service on a real store (SQLite, or a Postgres database) and a log that the test controls. Dispose and create again with the same directory: a restart.</summary>
internal sealed class BankHost : IAsyncDisposable
{
    private readonly IHost host;
    private bool disposed;

    private BankHost(IHost host) => this.host = host;

    public IServiceStore Store => host.Services.GetRequiredService<IServiceStore>();

    public FlowMonitor Monitor => host.Services.GetRequiredService<FlowMonitor>();

    public FlowRuntime Runtime => host.Services.GetRequiredService<FlowRuntime>();

    public FlowRepair Repair => host.Services.GetRequiredService<FlowRepair>();

    public FlowParking Parking => host.Services.GetRequiredService<FlowParking>();

    public Totals Totals => host.Services.GetRequiredService<Totals>();

    public Greeter Greeter => host.Services.GetRequiredService<Greeter>();

    public LoopbackBus Bus => (LoopbackBus)host.Services.GetRequiredService<ICommandBus>();

    public static async Task<BankHost> StartAsync(IEventLog log, string directory, Action<IServiceProvider>? prepare = null, TimeProvider? clock = null, string? database = null, Func<IServiceStore, IServiceStore>? wrap = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("FLOW_DATA", directory), new("ConnectionStrings:bank-db", database)]);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(log);
        builder.Services.AddSingleton(clock ?? TimeProvider.System);
        builder.Services.AddSingleton<Greeter>();
        builder.Services.AddSingleton<ICommandBus, LoopbackBus>();
        builder.AddFlow("bank", flow => flow
            .UseStore(typeof(BankHost).Assembly)
            .Publishes<AccountsEvent>("accounts")
            .Publishes<ThanksEvent>("thanks", partitions: 2)
            .Projection<Totals>("accounts")
            .Reactor<ThankPayers>("accounts")
            .Command<Greet, string, GreetHandler>());
        if (wrap is not null)
        {
            var real = builder.Services.Last(service => service.ServiceType == typeof(IServiceStore));
            builder.Services.AddSingleton(provider => wrap((IServiceStore)real.ImplementationFactory!(provider)));
        }

        var host = builder.Build();
        prepare?.Invoke(host.Services);
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new BankHost(host);
    }

    public Task PayInAsync(string account, decimal amount) => Store.WriteAsync(
        transaction => ValueTask.FromResult(transaction.Emit(new PaidIn(account, amount), new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))),
        TestContext.Current.CancellationToken);

    public async Task<Dictionary<string, (decimal Amount, long Events)>> ReadTotalsAsync()
    {
        await using var connection = await host.Services.GetRequiredService<ProjectionReader<Totals>>().OpenAsync(TestContext.Current.CancellationToken);
        return (await connection.QueryAsync<TotalRow>("SELECT account, amount, events FROM total")).ToDictionary(row => row.Account, row => (row.Amount, row.Events));
    }

    public async Task<long> CountAsync(string table)
    {
        await using var connection = await Store.OpenReadAsync(TestContext.Current.CancellationToken);
        return await connection.QuerySingleAsync<long>($"SELECT count(*) FROM {table}");
    }

    /// <summary>From then on what comes is live traffic to every consumer, not a replay.</summary>
    public Task HasAttachedAsync() => Eventually.ThatAsync(
        "every consumer has attached",
        () => host.Services.GetRequiredService<FlowRuntime>().Loops.All(loop => loop.Feeds.Count == 3 && loop.Feeds.All(feed => feed.Cursor.Current.ReplayTo is not null)));

    public Task HasTotalAsync(string account, decimal amount, long events) => Eventually.ThatAsync(
        $"{account} has {amount} of {events} events", async () => (await ReadTotalsAsync()).GetValueOrDefault(account) == (amount, events));

    public async ValueTask DisposeAsync()
    {
        if (!disposed)
        {
            disposed = true;
            await host.StopAsync(CancellationToken.None);
            await ((IAsyncDisposable)host).DisposeAsync();
        }
    }

    private sealed class TotalRow
    {
        public string Account { get; init; } = "";

        public decimal Amount { get; init; }

        public long Events { get; init; }
    }
}

/// <summary>The system's clock, put forward by the test.</summary>
internal sealed class ShiftedClock : TimeProvider
{
    public TimeSpan Shift { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Shift;
}

/// <summary>Handles commands in the process, in a shuffled order and each twice, as queues may.</summary>
internal sealed class LoopbackBus(FlowDefinition definition, IServiceScopeFactory scopes) : ICommandBus
{
    public async Task SendAsync(IReadOnlyList<PendingCommand> commands, CancellationToken cancellationToken)
    {
        foreach (var command in commands.Concat(commands).Reverse())
        {
            await using var scope = scopes.CreateAsyncScope();
            await definition.AllCommands.Single(known => known.Name == command.Name).HandleAsync(scope.ServiceProvider, command, 1, cancellationToken);
        }
    }
}
