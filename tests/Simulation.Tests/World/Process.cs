using FlowPlatform.Commands;
using FlowPlatform.Consumers;
using FlowPlatform.Hosting;
using FlowPlatform.Outbox;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>One life of a process: from its start until it is killed or has stopped. It runs the platform's own relays and loops.</summary>
internal sealed class Process
{
    private readonly World world;
    private readonly CancellationTokenSource stopping = new();
    private readonly List<Task> running = [];

    public Process(World world, string name)
    {
        this.world = world;
        Name = name;
        Lane = world.Machine.NewLane(name);
    }

    public string Name { get; }

    public Lane Lane { get; }

    public OutboxRelay? Relay { get; private set; }

    /// <summary>What stopped by an exception.</summary>
    public Dictionary<string, Exception> Stopped { get; } = new(StringComparer.Ordinal);

    /// <summary>Loops of consumers, by name.</summary>
    public Dictionary<string, ConsumerLoop> Loops { get; } = new(StringComparer.Ordinal);

    public IServiceStore? Store { get; private set; }

    public void Publish(IServiceStore store, PublishedStreams published)
    {
        Store = store;
        Relay = new OutboxRelay(world.LogOf(this, store), store.Outbox, published, world.Machine.Clock);
        Run("relay", Relay.RunAsync);
    }

    public void Consume(Consumer consumer, IStore store, params string[] streams)
    {
        var loop = new ConsumerLoop(new ConsumerDefinition(consumer.GetType(), streams), consumer, store, world.LogOf(this, store), world.Machine.Clock);
        Loops[consumer.Name] = loop;
        Run(consumer.Name, loop.RunAsync);
    }

    public void HandleCommands(IServiceStore store, CommandDefinition definition, IServiceProvider services, CommandQueue queue)
    {
        Run("command relay", new CommandRelay(store.Outbox, world.Mutation.Bus(new SimulatedBus(world.Machine, queue), world.Machine), world.Machine.Clock).RunAsync);
        Run("queue", token => queue.DeliverAsync(Lane, (command, attempt, cancelled) => definition.HandleAsync(services, command, attempt, cancelled), token));
    }

    /// <summary>Runs something in the process.</summary>
    public void Do(string what, Func<Task> work) => Lane.Post(() => running.Add(SuperviseAsync(what, _ => work())));

    /// <summary>Asks it to stop; <paramref name="stopped"/> runs when everything has ended.</summary>
    public void Stop(Action stopped) => Lane.Post(() => _ = StopAsync(stopped));

    private async Task StopAsync(Action stopped)
    {
        stopping.Cancel();
        await Task.WhenAll(running);
        stopped();
    }

    private void Run(string what, Func<CancellationToken, Task> run) => Lane.Post(() => running.Add(SuperviseAsync(what, run)));

    private async Task SuperviseAsync(string what, Func<CancellationToken, Task> run)
    {
        try
        {
            await run(stopping.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            world.Machine.Trace.Say($"{Name}: {what} ended");
        }
        catch (Exception failed)
        {
            Stopped[what] = failed;
            world.HasStopped(this, what, failed);
        }
    }
}
