using FlowPlatform.Dashboard.Streams;

namespace FlowPlatform.Dashboard.Resources;

/// <summary>A service that publishes to a stream.</summary>
/// <param name="Service">Its name.</param>
/// <param name="Stream">The stream.</param>
/// <param name="Events">Events it has ever published.</param>
internal sealed record Publishing(string Service, string Stream, long Events);

/// <summary>A consumer that reads a stream.</summary>
/// <param name="Service">Whose it is.</param>
/// <param name="Consumer">Its name.</param>
/// <param name="Stream">The stream.</param>
/// <param name="Applied">Events it has ever applied, by the producer's sequences.</param>
/// <param name="Lag">Events that it has not applied; null while the log can't be reached.</param>
/// <param name="State">The worst of its partitions' states.</param>
internal sealed record Consuming(string Service, string Consumer, string Stream, long Applied, long? Lag, string State);

/// <summary>Who publishes what, and who reads it, at one moment.</summary>
internal sealed record FlowTopology(IReadOnlyList<Publishing> Publishing, IReadOnlyList<Consuming> Consuming)
{
    private static readonly string[] Worst = ["stopped", "unavailable", "refilling", "catching-up", "waiting"];

    /// <summary>As the services told last.</summary>
    public static FlowTopology Of(FlowBoard board) => new(
        [
            .. from reading in board.Services
               where reading.Flow is not null
               from row in reading.Flow!.Streams
               group row by (reading.Address.Service, row.Stream, row.Partition) into partition
               group partition.Max(static row => row.LastSequence) by (partition.Key.Service, partition.Key.Stream) into stream
               orderby stream.Key.Service, stream.Key.Stream
               select new Publishing(stream.Key.Service, stream.Key.Stream, stream.Sum()),
        ],
        [
            .. from row in board.Consumers
               group row.Status by (row.Service, row.Status.Consumer, row.Status.Stream) into consumer
               orderby consumer.Key.Service, consumer.Key.Consumer, consumer.Key.Stream
               select new Consuming(
                   consumer.Key.Service, consumer.Key.Consumer, consumer.Key.Stream, consumer.Sum(static status => status.Mark),
                   consumer.Any(static status => status.Lag is null) ? null : consumer.Sum(static status => status.Lag),
                   Worst.FirstOrDefault(state => consumer.Any(status => status.State == state)) ?? "live"),
        ]);
}
