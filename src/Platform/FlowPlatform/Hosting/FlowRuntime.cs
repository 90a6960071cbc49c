using FlowPlatform.Commands;
using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Outbox;
using FlowPlatform.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Hosting;

/// <summary>
/// Runs what a service declared: opens its store before anything listens, then the relays and one loop per consumer. What stops by an exception stays stopped and turns health red;
/// the rest goes on. Safe for concurrent use.
/// </summary>
public sealed partial class FlowRuntime : IHostedLifecycleService, IAsyncDisposable
{
    private readonly FlowDefinition definition;
    private readonly IServiceProvider services;
    private readonly IServiceStore store;
    private readonly IEventLog log;
    private readonly TimeProvider clock;
    private readonly ILogger<FlowRuntime> logger;
    private readonly CancellationTokenSource stopping = new();
    private readonly Dictionary<Type, IStore> stores = [];
    private readonly List<Task> running = [];
    private volatile ConsumerLoop[] loops = [];
    private int disposed;
    private OutboxRelay? relay;
    private CommandRelay? commands;
    private Exception? commandFailure;

    /// <summary>Creates it; called by the container.</summary>
    public FlowRuntime(FlowDefinition definition, IServiceProvider services, IServiceStore store, IEventLog log, TimeProvider clock, ILogger<FlowRuntime> logger)
    {
        this.definition = definition;
        this.services = services;
        this.store = store;
        this.log = log;
        this.clock = clock;
        this.logger = logger;
    }

    internal IReadOnlyList<ConsumerLoop> Loops => loops;

    internal OutboxRelay? Relay => relay;

    internal Exception? CommandFailure => commandFailure;

    internal CommandRelay? Commands => commands;

    /// <summary>The store that a consumer's rows are in: a projection's live generation, or the main store.</summary>
    public IStore StoreOf(Type consumer) =>
        stores.GetValueOrDefault(consumer) ?? throw new InvalidOperationException($"{consumer.Name} is not open: the host has not started, or the flow does not have it.");

    /// <inheritdoc />
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await store.OpenAsync(cancellationToken);
        List<ConsumerLoop> created = [];
        foreach (var declared in definition.Consumers)
        {
            var consumer = (Consumer)services.GetRequiredService(declared.Type);
            stores[declared.Type] = consumer is Projection
                ? await OpenGenerationAsync(consumer, declared.Type, cancellationToken)
                : store;
            created.Add(NewLoop(declared, consumer));
        }

        loops = [.. created];
    }

    /// <inheritdoc />
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (definition.Published.All.Count > 0)
        {
            relay = new OutboxRelay(log, store.Outbox, definition.Published, clock);
            RunRelay(relay);
        }

        if (services.GetService<ICommandBus>() is { } bus && definition.Commands.Count > 0)
        {
            commands = new CommandRelay(store.Outbox, bus, clock);
            running.Add(SuperviseAsync("command relay", commands.RunAsync, stopped => commandFailure = stopped));
        }

        Array.ForEach(loops, RunConsumer);

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await stopping.CancelAsync();
        await Task.WhenAll(Running()).WaitAsync(cancellationToken);
    }

    /// <inheritdoc />
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        // The container knows it as itself and as a hosted service, and disposes of both.
        if (Interlocked.Exchange(ref disposed, 1) == 1)
        {
            return;
        }

        await stopping.CancelAsync();
        await Task.WhenAll(Running());
        repairing.Dispose();
        stopping.Dispose();
    }

    private ConsumerLoop NewLoop(ConsumerDefinition declared, Consumer consumer) => new(declared, consumer, stores[declared.Type], store, log, clock, logger);

    /// <summary>A generation skips what was given up, also before it was made, or after the moment that its backup is of (rule C7).</summary>
    private async Task<IStore> OpenGenerationAsync(Consumer consumer, Type type, CancellationToken cancellationToken)
    {
        var generation = await store.OpenGenerationAsync(consumer.Name, EmbeddedMigrations.Of(type.Assembly, consumer.Name, store.Kind), cancellationToken);
        var discarded = await store.Discards.ReadAsync(consumer.Name, cancellationToken);
        if (discarded.Count > 0)
        {
            await generation.WriteAsync(
                async transaction =>
                {
                    await generation.Parking.SkipAsync(transaction, consumer.Name, discarded);
                    return true;
                },
                cancellationToken);
        }

        return generation;
    }

    private Task SuperviseAsync(string what, Func<CancellationToken, Task> run, Action<Exception> failed, CancellationToken? part = null) => Task.Run(async () =>
    {
        var stop = part ?? stopping.Token;
        try
        {
            await run(stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            LogEnded(what);
        }
        catch (Exception stopped)
        {
            // The log has it before anyone can see that it stopped: who then looks for the reason finds it.
            LogStopped(stopped, what, stopped.Message);
            failed(stopped);
        }
    });

    [LoggerMessage(1, LogLevel.Critical, "{What} stopped: {Reason}")]
    private partial void LogStopped(Exception exception, string what, string reason);

    [LoggerMessage(2, LogLevel.Debug, "{What} ended")]
    private partial void LogEnded(string what);
}
