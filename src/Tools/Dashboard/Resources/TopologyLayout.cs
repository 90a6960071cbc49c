namespace FlowPlatform.Dashboard.Resources;

/// <summary>A box of the graph, in pixels.</summary>
internal sealed record TopologyBox(string Name, int Top, int Height)
{
    public int Middle => Top + (Height / 2);
}

/// <summary>A consumer's box, with a line for each stream that it reads.</summary>
internal sealed record ConsumerBox(string Service, string Consumer, int Top, int Height, IReadOnlyList<Consuming> Streams)
{
    /// <summary>Where the edge of that line ends.</summary>
    public int LineAt(int index) => Top + TopologyLayout.ConsumerHead + (index * TopologyLayout.ConsumerLine) + (TopologyLayout.ConsumerLine / 2);
}

/// <summary>
/// Places three columns: services, the streams that they publish to, and the consumers that read them. Consumers are ordered by where their streams are, so that few edges cross.
/// </summary>
internal sealed class TopologyLayout
{
    public const int ServiceLeft = 8;
    public const int ServiceWidth = 180;
    public const int StreamLeft = 330;
    public const int StreamWidth = 170;
    public const int ConsumerLeft = 680;
    public const int ConsumerWidth = 270;
    public const int Width = ConsumerLeft + ConsumerWidth + 8;
    public const int ConsumerHead = 24;
    public const int ConsumerLine = 20;
    private const int Head = 34;
    private const int BoxHeight = 46;
    private const int Gap = 12;

    public TopologyLayout(IReadOnlyList<string> services, FlowTopology flow)
    {
        Consumers = PlaceConsumers(flow, [.. flow.Publishing.Select(static edge => edge.Stream).Concat(flow.Consuming.Select(static edge => edge.Stream)).Distinct()], out var consumersHeight);
        var streams = flow.Publishing.Select(static edge => edge.Stream).Concat(flow.Consuming.Select(static edge => edge.Stream)).Distinct().ToList();
        Height = Math.Max(consumersHeight, Head + (Math.Max(services.Count, streams.Count) * (BoxHeight + Gap))) + Gap;
        Streams = Spread(streams);
        Services = Spread([.. services.OrderBy(service => streams.FindIndex(stream => flow.Publishing.Any(edge => edge.Service == service && edge.Stream == stream)) is var at and >= 0 ? at : int.MaxValue)]);
    }

    public int Height { get; }

    public IReadOnlyList<TopologyBox> Services { get; }

    public IReadOnlyList<TopologyBox> Streams { get; }

    public IReadOnlyList<ConsumerBox> Consumers { get; }

    /// <summary>A curve from one column to the next.</summary>
    public static string Curve(int fromX, int fromY, int toX, int toY) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"M{fromX} {fromY}C{(fromX + toX) / 2} {fromY} {(fromX + toX) / 2} {toY} {toX} {toY}");

    private List<TopologyBox> Spread(List<string> names)
    {
        var free = Height - Head - Gap;
        return [.. names.Select((name, index) => new TopologyBox(name, Head + (((2 * index) + 1) * free / (2 * names.Count)) - (BoxHeight / 2), BoxHeight))];
    }

    private static List<ConsumerBox> PlaceConsumers(FlowTopology flow, List<string> streams, out int height)
    {
        var boxes = new List<ConsumerBox>();
        var top = Head;
        foreach (var consumer in flow.Consuming.GroupBy(static edge => (edge.Service, edge.Consumer)).OrderBy(consumer => consumer.Average(edge => streams.IndexOf(edge.Stream))).ThenBy(static consumer => consumer.Key))
        {
            List<Consuming> lines = [.. consumer.OrderBy(edge => streams.IndexOf(edge.Stream))];
            var box = new ConsumerBox(consumer.Key.Service, consumer.Key.Consumer, top, ConsumerHead + (lines.Count * ConsumerLine) + 4, lines);
            boxes.Add(box);
            top += box.Height + Gap;
        }

        height = top;
        return boxes;
    }
}
