using System.Globalization;
using System.Text.Json;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>What a consumer says about one partition.</summary>
internal readonly record struct Place(string Consumer, Database Database, PartitionId Partition, CheckpointState? State);

/// <summary>What an event says, read without any of the platform's code.</summary>
internal readonly record struct Told(string What, string Customer, int Number, int Item, int Amount);

internal static class Places
{
    /// <summary>Every consumer in every partition that it reads.</summary>
    public static IEnumerable<Place> Consumers(this World world)
    {
        foreach (var id in world.Broker.Partitions)
        {
            yield return Of(world.Stock, "totals", id);
            if (id.Stream == "orders")
            {
                yield return Of(world.Stock, "reserve", id);
            }
        }
    }

    public static Told Read(EventEnvelope @event)
    {
        using var body = JsonDocument.Parse(@event.Data);
        var root = body.RootElement;
        return new Told(
            @event.Type.Split('.')[1],
            root.GetProperty("customer").GetString()!,
            root.GetProperty("number").GetInt32(),
            root.TryGetProperty("item", out var item) ? item.GetInt32() : 0,
            root.GetProperty("amount").GetInt32());
    }

    /// <summary>Marks of all producers, in the order of their incarnations.</summary>
    public static IEnumerable<(string Producer, long Mark)> Marks(this Place place)
    {
        if (place.State?.Checkpoint.Producer is not { } now)
        {
            return [];
        }

        return place.State.RetiredMarks.Where(mark => mark.Key != now).Select(mark => (mark.Key, mark.Value)).OrderBy(mark => int.Parse(mark.Key.Split('/')[1], CultureInfo.InvariantCulture))
            .Append((now, place.State.Checkpoint.Mark));
    }

    private static Place Of(Service stock, string consumer, PartitionId id)
    {
        var database = stock.DatabaseOf(consumer);
        return new Place(consumer, database, id, database.Current.Checkpoints.GetValueOrDefault((consumer, id)));
    }
}
