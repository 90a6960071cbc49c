using FlowPlatform.Commands;
using FlowPlatform.Consumers;
using FlowPlatform.Consumers.Sharing;
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
    /// <summary>For what is abandoned to come to its end: a rollback, a goodbye to the broker.</summary>
    private static readonly TimeSpan AbandonLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromSeconds(2);
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
    private bool left;
    private bool abandoned;
    private volatile OutboxRelay? relay;
    private volatile CommandRelay? commands;
    private Exception? commandFailure;
    private Exception? ownershipFailure;
    private volatile string? relayTrouble;
    private Ownership? ownership;
    private Task sharing = Task.CompletedTask;

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

    /// <summary>Where its parts run: the thread pool; a simulation has one thread of its own.</summary>
    internal TaskScheduler Scheduler { get; init; } = TaskScheduler.Default;

    internal IReadOnlyList<ConsumerLoop> Loops => loops;

    /// <summary>Null where another replica publishes.</summary>
    internal OutboxRelay? Relay => relay;

    internal Exception? CommandFailure => commandFailure;

    /// <summary>Why the relays can't read the outbox at present; null if they can.</summary>
    internal string? RelayTrouble => relayTrouble;

    /// <summary>Null where another replica sends commands.</summary>
    internal CommandRelay? Commands => commands;

    internal Ownership Ownership => ownership ?? throw new InvalidOperationException("The host has not started.");

    /// <summary>Why this replica is a member no more; null while it is one, or nothing is shared.</summary>
    internal Exception? OwnershipFailure => ownershipFailure;

    /// <summary>The store that a consumer's rows are in: a projection's live generation, or the main store.</summary>
    public IStore StoreOf(Type consumer) =>
        stores.GetValueOrDefault(consumer) ?? throw new InvalidOperationException($"{consumer.Name} is not open: the host has not started, or the flow does not have it.");

    /// <inheritdoc />
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await store.OpenAsync(cancellationToken);
        List<ConsumerLoop> created = [];
        var consumers = definition.Consumers.Select(declared => ((Consumer)services.GetRequiredService(declared.Type)).Name);
        ownership = new Ownership(
            store.Leases,
            $"{Environment.MachineName}/{Environment.ProcessId}",
            [.. consumers, LeaseUnit.OutboxRelay.Consumer, LeaseUnit.CommandRelay.Consumer],
            clock,
            stopping.Token);
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
        LogStarted(definition.Service, Listed(definition.ConsumerNames), Listed(definition.Published.All.Select(static stream => stream.Name)));
        if (Ownership.IsShared)
        {
            sharing = SuperviseAsync("membership", _ => Ownership.RunAsync(), stopped => ownershipFailure = stopped);
        }

        if (definition.Published.All.Count > 0)
        {
            RunRelay();
        }

        if (services.GetService<ICommandBus>() is { } bus && definition.Commands.Count > 0)
        {
            running.Add(SuperviseAsync("command relay", HoldAsync(LeaseUnit.CommandRelay, cancel => SendAsync(bus, cancel)), stopped => commandFailure = stopped));
        }

        Array.ForEach(loops, RunConsumer);

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await stopping.EndAsync();
        await EndAsync(cancellationToken);
        await LeaveAsync();
        LogStoppedAll(definition.Service);
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

        await stopping.EndAsync();
        await EndAsync(CancellationToken.None);
        await LeaveAsync();
        if (abandoned)
        {
            // What is left behind may still use the rest.
            return;
        }

        ownership?.Dispose();
        Array.ForEach(loops, static loop => loop.Dispose());
        repairing.Dispose();
        stopping.Dispose();
    }

    private ConsumerLoop NewLoop(ConsumerDefinition declared, Consumer consumer) =>
        new(declared, consumer, stores[declared.Type], log, clock, Ownership, definition.StopTimeout, store, logger);

    /// <summary>A generation skips what was given up, also before it was made, or after the moment that its backup is of (rule C7).</summary>
    private async Task<IStore> OpenGenerationAsync(Consumer consumer, Type type, CancellationToken cancellationToken)
    {
        var generation = await store.OpenGenerationAsync(consumer.Name, EmbeddedMigrations.Of(type.Assembly, consumer.Name, store.Kind), cancellationToken);
        if (generation.Parking is { } parking && store.Discards is { } discards && await discards.ReadAsync(consumer.Name, cancellationToken) is { Count: > 0 } discarded)
        {
            await generation.WriteAsync(
                async transaction =>
                {
                    await parking.SkipAsync(transaction, consumer.Name, discarded);
                    return true;
                },
                cancellationToken);
        }

        return generation;
    }

    /// <summary>
    /// Waits until nothing runs any more. What neither finishes nor can be abandoned in time (a handler that hangs, a database that doesn't answer) is left behind: its transaction was not committed, and ends
    /// with the process.
    /// </summary>
    private async Task EndAsync(CancellationToken cancellationToken)
    {
        var ended = Task.WhenAll(Running());
        if (abandoned && !ended.IsCompleted)
        {
            return;
        }

        try
        {
            await ended.WaitAsync(definition.StopTimeout + AbandonLimit, clock, cancellationToken);
        }
        catch (Exception late) when (late is TimeoutException or OperationCanceledException)
        {
            abandoned = true;
            LogAbandoned(string.Join(", ", RunningParts()), definition.StopTimeout.TotalSeconds);
        }
    }

    /// <summary>After nothing writes any more, or what may still write is fenced out by whoever takes its partitions: the other replicas need not wait.</summary>
    private async Task LeaveAsync()
    {
        if (ownership is null || left)
        {
            return;
        }

        left = true;
        try
        {
            await EndMembershipAsync(ownership).WaitAsync(LeaveLimit, clock);
        }
        catch (TimeoutException)
        {
            // The database doesn't answer: the others find out when the term is over.
            abandoned = true;
        }
    }

    private async Task EndMembershipAsync(Ownership ending)
    {
        await ending.LeaveAsync();
        await sharing;
    }

    private Task SuperviseAsync(string what, Func<CancellationToken, Task> run, Action<Exception> failed, CancellationToken? part = null)
    {
        return Task.Factory.StartNew(SuperviseAsync, CancellationToken.None, TaskCreationOptions.DenyChildAttach, Scheduler).Unwrap();

        async Task SuperviseAsync()
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
        }
    }

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names.DefaultIfEmpty("nothing"));

    [LoggerMessage(4, LogLevel.Information, "{Service} has started: it runs {Consumers}, and publishes {Streams}")]
    private partial void LogStarted(string service, string consumers, string streams);

    [LoggerMessage(5, LogLevel.Information, "{Service} has stopped: nothing of it reads or publishes any more")]
    private partial void LogStoppedAll(string service);

    [LoggerMessage(1, LogLevel.Critical, "{What} stopped: {Reason}")]
    private partial void LogStopped(Exception exception, string what, string reason);

    [LoggerMessage(2, LogLevel.Debug, "{What} ended")]
    private partial void LogEnded(string what);

    [LoggerMessage(3, LogLevel.Warning, "{What} did not end in time and is abandoned (FLOW_STOP_TIMEOUT is {Seconds} s): what it was doing is not committed, and is done at the next start")]
    private partial void LogAbandoned(string what, double seconds);
}
