using FlowPlatform.Commands;
using FlowPlatform.Consumers;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Testing.Running;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FlowPlatform.Testing;

/// <summary>
/// A service with its real store, reactors and command handlers in which nothing runs by itself: the test says which event is delivered and which command is handled next, and looks at what came of it.
/// For decisions, and for orders of arrival that a running service would show once in a thousand runs. Projections are folded with <see cref="Projections"/>. Not safe for concurrent use.
/// </summary>
public sealed class SteppedFlow : IAsyncDisposable
{
    private const int MaxRows = 10_000;
    private readonly ServiceSource source;
    private readonly IEventLog log;
    private readonly IHost host;
    private readonly FlowDefinition definition;
    private readonly List<(ConsumerDefinition Definition, Reactor Reactor)> reactors;
    private readonly Dictionary<PartitionId, long> taken = [];
    private readonly Dictionary<string, long> delivered = new(StringComparer.Ordinal);

    private SteppedFlow(ServiceSource source, IEventLog log, IHost host)
    {
        this.source = source;
        this.log = log;
        this.host = host;
        definition = host.Services.GetRequiredService<FlowDefinition>();
        reactors =
        [
            .. from consumer in definition.Consumers
               where consumer.Type.IsAssignableTo(typeof(Reactor))
               select (consumer, (Reactor)host.Services.GetRequiredService(consumer.Type)),
        ];
    }

    /// <summary>Name of the service.</summary>
    public string Service => definition.Service;

    /// <summary>The service's clock: see <see cref="VirtualClock"/>.</summary>
    public VirtualClock Clock => source.Clock;

    /// <summary>The service's container. Its hosted services are not started, and it serves no HTTP.</summary>
    public IServiceProvider Services => host.Services;

    /// <summary>The service's projections and reactors, with the streams that each reads. The container has the instances.</summary>
    public IReadOnlyList<ConsumerDefinition> Consumers => definition.Consumers;

    /// <summary>The service's main store.</summary>
    public IServiceStore Store => host.Services.GetRequiredService<IServiceStore>();

    /// <inheritdoc cref="FlowTest.StartAsync(string, Action{FlowBuilder}, Action{FlowTestOptions})" />
    public static Task<SteppedFlow> StartAsync(string service, Action<FlowBuilder> declare, Action<FlowTestOptions>? configure = null) => StartAsync(ServiceSource.Of(service, declare, configure));

    /// <inheritdoc cref="FlowTest.StartAsync{THost}(Func{string[], Action{FlowBuilder}, THost}, Action{FlowTestOptions})" />
    public static Task<SteppedFlow> StartAsync<THost>(Func<string[], Action<FlowBuilder>, THost> build, Action<FlowTestOptions>? configure = null)
        where THost : IHost => StartAsync(ServiceSource.Of(build, configure));

    /// <summary>True if some reactor of the service handles the event.</summary>
    public bool Wants(LogRecord record) => ReadersOf(record.Partition.Stream).Any(reactor => reactor.Wants(record));

    /// <summary>Lets the reactors that read its stream have an event, each in one transaction.</summary>
    /// <param name="event">The event.</param>
    /// <param name="at">Event time.</param>
    /// <param name="stream">Its stream; default: what its type's name begins with.</param>
    /// <returns>The event's id.</returns>
    /// <exception cref="FlowTestException">No reactor reads the stream.</exception>
    public async Task<string> DeliverAsync(object @event, DateTimeOffset at, string? stream = null)
    {
        var name = stream ?? Given.StreamOf(@event.GetType());
        var sequence = delivered[name] = delivered.GetValueOrDefault(name) + 1;
        var given = Given.Of(@event, name, sequence, partitions: 1);
        await DeliverAsync([new LogRecord(given.Partition, sequence, at, given.Envelope(sequence, at, at))]);
        return given.Id;
    }

    /// <summary>Lets the reactors have records, all of them in one transaction of each reactor, of which every one gets those of the streams that it reads.</summary>
    /// <exception cref="FlowTestException">No reactor reads a stream.</exception>
    public async Task DeliverAsync(params IReadOnlyList<LogRecord> records)
    {
        foreach (var stream in records.Select(record => record.Partition.Stream).Distinct())
        {
            if (!ReadersOf(stream).Any())
            {
                throw new FlowTestException($"No reactor of '{Service}' reads '{stream}'; what they read is {string.Join(", ", reactors.SelectMany(item => item.Definition.Streams).Distinct())}.");
            }
        }

        foreach (var (consumer, reactor) in reactors)
        {
            IReadOnlyList<LogRecord> own = [.. records.Where(record => consumer.Streams.Contains(record.Partition.Stream))];
            await Store.WriteAsync(
                async transaction =>
                {
                    await reactor.ApplyAsync(transaction, own);
                    return true;
                },
                TestRun.Cancellation());
        }
    }

    /// <summary>Takes what was emitted since the last call, in the order of each partition.</summary>
    public async Task<IReadOnlyList<LogRecord>> TakeEmittedAsync()
    {
        var records = new List<LogRecord>();
        foreach (var partition in definition.Published.All.SelectMany(stream => stream.PartitionIds))
        {
            var events = await Store.Outbox.ReadAsync(partition, taken.GetValueOrDefault(partition), MaxRows, long.MaxValue, TestRun.Cancellation());
            records.AddRange(events.Select(@event => new LogRecord(partition, @event.Sequence, @event.CommittedAt, @event)));
            taken[partition] = events.Count == 0 ? taken.GetValueOrDefault(partition) : events[^1].Sequence;
        }

        return records;
    }

    /// <summary>Takes the commands that wait to be sent, oldest first.</summary>
    public async Task<IReadOnlyList<PendingCommand>> TakeCommandsAsync()
    {
        var commands = await Store.Outbox.ReadCommandsAsync(0, MaxRows, TestRun.Cancellation());
        if (commands.Count > 0)
        {
            await Store.Outbox.RemoveCommandsAsync([.. commands.Select(command => command.Id)], TestRun.Cancellation());
        }

        return commands;
    }

    /// <summary>Delivers a command once. Delivering one again is what queues do, too.</summary>
    /// <param name="command">The command.</param>
    /// <param name="attempt">1 for the first try.</param>
    /// <returns>False if its handler asks for another try.</returns>
    /// <exception cref="FlowTestException">The service has no handler for it.</exception>
    public async Task<bool> HandleAsync(PendingCommand command, int attempt = 1)
    {
        var handler = definition.AllCommands.FirstOrDefault(known => known.Name == command.Name) ?? throw new FlowTestException($"'{Service}' has no handler for command '{command.Name}'.");
        await using var scope = host.Services.CreateAsyncScope();
        try
        {
            await handler.HandleAsync(scope.ServiceProvider, command, attempt, TestRun.Cancellation());
            return true;
        }
        catch (CommandRetryException)
        {
            return false;
        }
    }

    /// <summary>Reads rows of the main store.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await Store.OpenReadAsync(TestRun.Cancellation());
        return (await connection.QueryAsync<T>(sql, parameters)).AsList();
    }

    /// <summary>Deletes everything that it left.</summary>
    public ValueTask DisposeAsync() => DisposeAsync(host, log, source);

    private static async Task<SteppedFlow> StartAsync(ServiceSource source)
    {
        IEventLog? log = null;
        IHost? host = null;
        try
        {
            log = source.OpenLog();
            host = source.Build(log, queue: null);
            var flow = new SteppedFlow(source, log, host);
            await flow.Store.OpenAsync(TestRun.Cancellation());
            return flow;
        }
        catch
        {
            await DisposeAsync(host, log, source);
            throw;
        }
    }

    private static async ValueTask DisposeAsync(IHost? host, IEventLog? log, ServiceSource source)
    {
        try
        {
            await (host is IAsyncDisposable opened ? opened.DisposeAsync() : ValueTask.CompletedTask);
        }
        finally
        {
            await (log?.DisposeAsync() ?? ValueTask.CompletedTask);
            source.Dispose();
        }
    }

    private IEnumerable<Reactor> ReadersOf(string stream) => reactors.Where(item => item.Definition.Streams.Contains(stream)).Select(item => item.Reactor);
}
