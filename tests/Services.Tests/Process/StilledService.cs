using FlowPlatform.Commands;
using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Services.Tests.Process;

/// <summary>A service with its real store, reactor and command handlers, in which nothing runs by itself: the test says what happens next.</summary>
internal sealed class StilledService : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly DirectoryInfo directory;
    private readonly FlowDefinition definition;
    private readonly Reactor reactor;
    private readonly Dictionary<PartitionId, long> read = [];
    private int delivered;

    private StilledService(WebApplication app, DirectoryInfo directory, Type reactor)
    {
        this.app = app;
        this.directory = directory;
        definition = app.Services.GetRequiredService<FlowDefinition>();
        Store = app.Services.GetRequiredService<IServiceStore>();
        this.reactor = (Reactor)app.Services.GetRequiredService(reactor);
    }

    public string Name => definition.Service;

    public IServiceStore Store { get; }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static async Task<StilledService> OpenAsync<TReactor>(Func<string[], Action<FlowBuilder>, WebApplication> build, params string[] settings)
        where TReactor : Reactor
    {
        var directory = Directory.CreateTempSubdirectory("flow-services-");
        var app = build(
            [$"--FLOW_DATA={directory.FullName}", "--environment=Production", .. settings],
            flow =>
            {
                flow.UseStore(typeof(TReactor).Assembly).Services.AddSingleton<IEventLog>(new MemoryEventLog());
                flow.Services.AddLogging(logging => logging.ClearProviders());
            });
        var service = new StilledService(app, directory, typeof(TReactor));
        await service.Store.OpenAsync(Cancellation);
        return service;
    }

    public bool Wants(LogRecord record) => reactor.Handles.Contains(record.Event.Type);

    /// <summary>Lets the reactor apply records in one transaction.</summary>
    public Task DeliverAsync(params IReadOnlyList<LogRecord> records) => Store.WriteAsync(
        async transaction =>
        {
            await reactor.ApplyAsync(transaction, records);
            return true;
        },
        Cancellation);

    /// <summary>Lets the reactor apply an event of another service.</summary>
    public Task DeliverAsync(object @event, DateTimeOffset time)
    {
        var type = EventType.Of(@event.GetType());
        return DeliverAsync(Record(type.Name.Split('.')[0], @event, time, $"{Name}/{++delivered}"));
    }

    /// <summary>Events emitted since the last call, in the order of each partition.</summary>
    public async Task<IReadOnlyList<LogRecord>> EmittedAsync()
    {
        var records = new List<LogRecord>();
        foreach (var partition in definition.Published.All.SelectMany(stream => stream.PartitionIds))
        {
            var events = await Store.Outbox.ReadAsync(partition, read.GetValueOrDefault(partition), 10_000, long.MaxValue, Cancellation);
            records.AddRange(events.Select(@event => new LogRecord(partition, @event.Sequence, @event.CommittedAt, @event)));
            read[partition] = events.Count == 0 ? read.GetValueOrDefault(partition) : events[^1].Sequence;
        }

        return records;
    }

    /// <summary>Takes the commands that wait to be sent.</summary>
    public async Task<IReadOnlyList<PendingCommand>> TakeCommandsAsync()
    {
        var commands = await Store.Outbox.ReadCommandsAsync(0, 1_000, Cancellation);
        if (commands.Count > 0)
        {
            await Store.Outbox.RemoveCommandsAsync([.. commands.Select(command => command.Id)], Cancellation);
        }

        return commands;
    }

    /// <summary>Delivers a command once.</summary>
    /// <returns>False if its handler asks for another try.</returns>
    public async Task<bool> HandleAsync(PendingCommand command, int attempt = 1)
    {
        await using var scope = app.Services.CreateAsyncScope();
        try
        {
            await definition.AllCommands.Single(known => known.Name == command.Name).HandleAsync(scope.ServiceProvider, command, attempt, Cancellation);
            return true;
        }
        catch (CommandRetryException)
        {
            return false;
        }
    }

    public static LogRecord Record(string stream, object @event, DateTimeOffset time, string id)
    {
        var type = EventType.Of(@event.GetType());
        var key = type.KeyOf(@event)!;
        return new LogRecord(new PartitionId(stream, Partitioner.PartitionOf(key, 3)), 0, time, new EventEnvelope
        {
            Id = id, Type = type.Name, Source = stream, Key = key, Time = time, CommittedAt = time, CorrelationId = id, Data = FlowJson.Serialize(@event),
        });
    }

    /// <summary>The event as an object of its own type.</summary>
    public static object Read(LogRecord record) => FlowJson.Deserialize(
        record.Event.Data.Span,
        typeof(Contracts.InventoryEvent).Assembly.GetTypes().Single(type => type.IsDefined(typeof(EventAttribute), inherit: false) && EventType.Of(type).Name == record.Event.Type));

    public static T Read<T>(LogRecord record) => (T)FlowJson.Deserialize(record.Event.Data.Span, typeof(T));

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        directory.Delete(recursive: true);
    }
}
