using FlowPlatform.Log;
using FlowPlatform.Orchestration.Postgres;
using FlowPlatform.Stores;
using Inventory;
using Payments;
using Shipping;

namespace Services.Tests.Process;

/// <summary>
/// Inventory, Payments and Shipping with the outside world. Between the services lie queues, one per reader and stream, as the log's partitions are: first in, first out within a stream,
/// nothing else promised. The test decides which queue or command moves next.
/// </summary>
internal sealed class Shop : IAsyncDisposable
{
    private static readonly string[] Names = ["inventory", "payments", "shipping"];
    private readonly SteppedFlow[] services;
    private readonly SortedDictionary<string, (SteppedFlow Reader, Queue<LogRecord> Records)> queues = new(StringComparer.Ordinal);
    private readonly List<(SteppedFlow Service, PendingCommand Command, int Attempt)> commands = [];
    private readonly EventHistory orders = new();

    private Shop(Outside outside, SteppedFlow[] services)
    {
        Outside = outside;
        this.services = services;
    }

    public Outside Outside { get; }

    public SteppedFlow Inventory => services[0];

    public SteppedFlow Payments => services[1];

    public SteppedFlow Shipping => services[2];

    /// <summary>Everything that the three services have emitted since <see cref="Forget"/>.</summary>
    public List<LogRecord> Events { get; } = [];

    /// <summary>What can happen next.</summary>
    public IReadOnlyList<Step> Steps =>
    [
        .. Ready.Select(queue => new Step($"{queue.Key} {queue.Value.Records.Peek().Event.Type}", queue.Value.Reader.Service)),
        .. commands.Select(waiting => new Step($"{waiting.Command.Name} #{waiting.Attempt}", waiting.Service.Service)),
    ];

    private IEnumerable<KeyValuePair<string, (SteppedFlow Reader, Queue<LogRecord> Records)>> Ready => queues.Where(queue => queue.Value.Records.Count > 0);

    /// <summary>Opens it, its stores in files or, where databases are given, in those: Inventory's, Payments' and Shipping's.</summary>
    public static async Task<Shop> OpenAsync(string mode = "shop", params IReadOnlyList<TestDatabase> databases)
    {
        var outside = await Outside.StartAsync();
        return new Shop(outside, [
            await SteppedFlow.StartAsync(InventoryApp.Build, Set),
            await SteppedFlow.StartAsync(PaymentsApp.Build, Set),
            await SteppedFlow.StartAsync(ShippingApp.Build, Set),
        ]);

        void Set(FlowTestOptions options)
        {
            options.Settings["services:simulator:http:0"] = outside.Address;
            options.Settings["FLOW_MODE"] = mode;
            foreach (var (service, database) in Names.Zip(databases))
            {
                options.Settings[$"ConnectionStrings:{service}-db"] = database.ConnectionString;
            }
        }
    }

    public void Forget()
    {
        Steps.ShouldBeEmpty();
        Events.Clear();
    }

    /// <summary>Orders publishes an event.</summary>
    public void Publish(object @event, DateTimeOffset time) => Enqueue(orders.Add(@event, time));

    /// <summary>The n-th of the steps is taken.</summary>
    public async Task TakeAsync(int step)
    {
        var ready = Ready.Select(queue => queue.Value).ToList();
        if (step < ready.Count)
        {
            var (reader, records) = ready[step];
            await reader.DeliverAsync([records.Dequeue()]);
            await CollectAsync(reader);
            return;
        }

        var (service, command, attempt) = commands[step - ready.Count];
        commands.RemoveAt(step - ready.Count);
        if (await service.HandleAsync(command, attempt))
        {
            await CollectAsync(service);
        }
        else
        {
            Send(service, command, attempt + 1);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in services)
        {
            await service.DisposeAsync();
        }

        await Outside.DisposeAsync();
    }

    private async Task CollectAsync(SteppedFlow service)
    {
        foreach (var record in await service.TakeEmittedAsync())
        {
            Events.Add(record);
            Enqueue(record);
        }

        foreach (var command in await service.TakeCommandsAsync())
        {
            Send(service, command, 1);
        }
    }

    /// <summary>In order of their names, so that the same steps look the same however they came about.</summary>
    private void Send(SteppedFlow service, PendingCommand command, int attempt)
    {
        commands.Add((service, command, attempt));
        commands.Sort((one, other) => string.CompareOrdinal(one.Command.Name, other.Command.Name));
    }

    private void Enqueue(LogRecord record)
    {
        foreach (var reader in services.Where(service => service.Wants(record)))
        {
            var name = $"{reader.Service}<{record.Partition.Stream}";
            if (!queues.TryGetValue(name, out var queue))
            {
                queues[name] = queue = (reader, new Queue<LogRecord>());
            }

            queue.Records.Enqueue(record);
        }
    }
}
