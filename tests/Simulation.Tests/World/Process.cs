using FlowPlatform.Commands;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Simulation;

/// <summary>One life of a process: from its start until it is killed or has stopped. What runs in it is the platform's own runtime.</summary>
internal sealed class Process
{
    private readonly World world;
    private readonly Dictionary<string, Exception> stopped = new(StringComparer.Ordinal);
    private long pausedAt;

    public Process(World world, Service service, string name)
    {
        this.world = world;
        Service = service;
        Name = name;
        Lane = world.Machine.NewLane(name);
        Clock = new ProcessClock(world.Machine.Clock);
        Store = service.Open(this);
        Log = world.Mutation.Log(new SimulatedLog(world.Broker, Lane), Store);
        Bus = service.Queue is null ? null : world.Mutation.Bus(new SimulatedBus(world.Machine, service.Queue), world.Machine);
        Services = new Container(this);
        Runtime = new FlowRuntime(service.Definition, Services, Store, Log, Clock, new StopLogger(this))
        {
            Scheduler = new LaneScheduler(Lane),
        };
        Repair = new FlowRepair(service.Definition, Runtime, Store, Log, Clock);
        Parking = new FlowParking(service.Definition, Runtime, Store, Clock);
    }

    public Service Service { get; }

    public IServiceProvider Services { get; }

    public string Name { get; }

    public Lane Lane { get; }

    public ProcessClock Clock { get; }

    public IServiceStore Store { get; }

    public IEventLog Log { get; }

    public ICommandBus? Bus { get; }

    public FlowRuntime Runtime { get; }

    public FlowRepair Repair { get; }

    public FlowParking Parking { get; }

    /// <summary>It runs, as far as it can: its store is open.</summary>
    public bool HasStarted { get; private set; }

    /// <summary>It has been asked to stop.</summary>
    public bool IsStopping { get; private set; }

    /// <summary>What has stopped in it by an exception, and has not been repaired.</summary>
    public IReadOnlyDictionary<string, Exception> Stopped => stopped;

    public void Repaired(string what) => stopped.Remove(what);

    public void Start() => Lane.Post(() => _ = StartAsync());

    /// <summary>Runs something in the process.</summary>
    public void Do(Func<Task> work) => Lane.Post(() => _ = RunAsync(work));

    /// <summary>Asks it to stop; <paramref name="then"/> runs when everything has ended.</summary>
    public void Stop(Action then)
    {
        IsStopping = true;
        Lane.Post(() => _ = StopAsync(then));
    }

    /// <summary>SIGSTOP.</summary>
    public void Pause()
    {
        pausedAt = world.Machine.Clock.Ticks;
        Lane.Pause();
    }

    /// <summary>SIGCONT; or the machine that it runs on goes on, and its steady clock knows nothing of the time between.</summary>
    public void Resume(bool asleep)
    {
        if (Lane.Paused)
        {
            Service.Disturb();
            Clock.Lose(asleep ? world.Machine.Clock.Ticks - pausedAt : 0);
            Lane.Resume();
        }
    }

    private async Task StartAsync()
    {
        try
        {
            await Store.OpenAsync(CancellationToken.None);
            await Runtime.StartingAsync(CancellationToken.None);
            await Runtime.StartAsync(CancellationToken.None);
            await Runtime.StartedAsync(CancellationToken.None);
            HasStarted = true;
        }
        catch (Exception passing) when (passing is StoreBusyException or CommitOutcomeUnknownException)
        {
            world.Machine.Network.Post(() => world.Crash(this, TimeSpan.FromSeconds(1)));
            return;
        }

        if (Service.Queue is { } queue)
        {
            await RunAsync(() => queue.DeliverAsync(this));
        }
    }

    private async Task StopAsync(Action then)
    {
        await Runtime.StoppingAsync(CancellationToken.None);
        then();
    }

    /// <summary>What a process's own code lets out is a fault of the simulation: nothing of it may be lost.</summary>
    private async Task RunAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception unexpected)
        {
            world.Violations.Add($"{Name} failed: {unexpected}");
        }
    }

    /// <summary>The container of the process's services.</summary>
    private sealed class Container(Process process) : IServiceProvider
    {
        private readonly Dictionary<Type, object> consumers = [];

        public object? GetService(Type serviceType) =>
            serviceType == typeof(IServiceStore) ? process.Store
            : serviceType == typeof(FlowDefinition) ? process.Service.Definition
            : serviceType == typeof(ICommandBus) ? process.Bus
            : serviceType == typeof(ChargeHandler) ? new ChargeHandler(process.world)
            : Consumer(serviceType);

        private object? Consumer(Type type) => consumers.TryGetValue(type, out var known) ? known
            : process.world.NewConsumer(type) is { } made ? consumers[type] = made
            : null;
    }

    /// <summary>The runtime says in its log what has stopped.</summary>
    private sealed class StopLogger(Process process) : ILogger<FlowRuntime>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Critical;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Critical && exception is not null && state is IReadOnlyList<KeyValuePair<string, object?>> values)
            {
                var what = (string)values.First(value => value.Key == "What").Value!;
                process.stopped[what] = exception;
                process.world.HasStopped(process, what, exception);
            }
        }
    }
}
