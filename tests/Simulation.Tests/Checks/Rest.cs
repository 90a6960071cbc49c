using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>Whether everything that was decided is confirmed, applied and handled; or what should do it has stopped for good, and rightly.</summary>
internal sealed class Rest(World world)
{
    public bool IsReached => Unfinished().FirstOrDefault() is null;

    /// <summary>What is still to be done.</summary>
    public IEnumerable<string> Unfinished() => Processes().Concat(world.Services.SelectMany(Outbox)).Concat(Commands()).Concat(Consumers());

    /// <summary>True if it has stopped, as it must where keys would move (rule C8).</summary>
    public static bool HasStopped(World world, string consumer) =>
        world.Stock.Live.Any(process => process.Stopped.GetValueOrDefault(consumer) is LogIdentityException { Case: LogIdentityCase.PartitionCountChanged });

    private IEnumerable<string> Processes()
    {
        foreach (var (_, name) in world.Dead)
        {
            yield return $"{name} is down";
        }

        foreach (var process in world.Processes.Values)
        {
            if (!process.HasStarted || process.IsStopping || process.Lane.Paused)
            {
                yield return $"{process.Name} is not there yet";
            }

            foreach (var (what, failed) in process.Stopped.Where(stopped => !HasStopped(world, stopped.Key)))
            {
                yield return $"'{what}' of {process.Name} has stopped: {failed.Message}";
            }
        }
    }

    private IEnumerable<string> Outbox(Service service)
    {
        var current = service.Main.Current;
        var producer = $"{service.Name}/{current.Incarnation}";
        foreach (var partition in service.Partitions)
        {
            var head = current.Heads.GetValueOrDefault(partition) ?? new OutboxHead(partition, 0, 0, null);
            var end = world.Broker.Of(partition).Ends.GetValueOrDefault(producer);
            if (end != head.Assigned || head.Confirmed < head.Assigned)
            {
                yield return $"{partition} has {end} of {head.Assigned}, and {head.Confirmed} are confirmed";
            }
        }
    }

    private IEnumerable<string> Commands()
    {
        if (world.Stock.Queue!.Count > 0 || world.Stock.Main.Current.Commands.Count > 0)
        {
            yield return $"{world.Stock.Main.Current.Commands.Count} commands wait, and {world.Stock.Queue.Count} in the queue";
        }
    }

    /// <summary>What a process says about a consumer's partition.</summary>
    private static string Told(Process process, Place place)
    {
        if (process.Runtime.Loops.FirstOrDefault(loop => loop.Consumer.Name == place.Consumer) is not { } loop)
        {
            return $"{process.Name} has not started";
        }

        var feed = loop.Feeds.FirstOrDefault(feed => feed.Cursor.Partition == place.Partition);
        var owned = process.Runtime.Ownership.HoldOf(loop.UnitOf(place.Partition)) is null ? "doesn't own it" : "owns it";
        return $"{process.Name} {owned}, {(feed is null ? "is not attached" : $"is attached, read to {feed.Cursor.Current.LastOffset}, {feed.Error}")} {loop.Trouble?.Reason} {loop.Failure?.Message} {process.Runtime.Ownership.Trouble?.Reason}";
    }

    private IEnumerable<string> Consumers()
    {
        foreach (var place in world.Consumers().Where(place => !HasStopped(world, place.Consumer)))
        {
            var partition = world.Broker.Of(place.Partition);
            if (partition.NewestProducer is { } producer && (place.State?.Checkpoint.Producer != producer || place.State.Checkpoint.Mark < partition.Wanted[producer]))
            {
                yield return $"{place.Consumer} is at {place.State?.Checkpoint.Mark ?? 0} of {partition.Wanted[producer]} in {place.Partition}: {string.Join("; ", world.Stock.Live.Select(process => Told(process, place)))}";
            }
        }

        foreach (var consumer in world.Faults.Surprised.Where(consumer => !HasStopped(world, consumer)))
        {
            yield return $"{consumer} goes on, though the number of partitions has changed, and keys with it";
        }

        foreach (var database in world.Stock.Databases.Where(database => !database.Current.Parked.IsEmpty))
        {
            yield return $"{database.Current.Parked.Count} keys are parked";
        }
    }
}
