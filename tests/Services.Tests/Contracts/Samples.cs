using System.Text;
using System.Text.Json.Nodes;
using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Log;

namespace Services.Tests.EventContracts;

/// <summary>The golden samples as records of the log.</summary>
internal static class Samples
{
    private static readonly DateTimeOffset Noon = new(2010, 12, 1, 12, 0, 0, TimeSpan.Zero);

    public static string Folder
    {
        get
        {
            var folder = new DirectoryInfo(AppContext.BaseDirectory);
            while (!File.Exists(Path.Combine(folder.FullName, "FlowPlatform.sln")))
            {
                folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside of the repository.");
            }

            return Path.Combine(folder.FullName, "tests", "Services.Tests", "Contracts");
        }
    }

    public static IReadOnlyList<string> Types =>
        [.. Directory.GetFiles(Path.Combine(Folder, "samples"), "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    /// <summary>The events of some streams that a consumer takes, each also without what is optional; in the order of their names.</summary>
    public static IReadOnlyList<LogRecord> For(Consumer consumer, IReadOnlyCollection<string> streams)
    {
        var records = new List<LogRecord>();
        foreach (var type in Types.Where(type => consumer.Accepts.Contains(type) && streams.Contains(StreamOf(type))))
        {
            var (sample, kept) = (Read("samples", type), Read("schemas", type));
            records.Add(Record(type, sample, kept, records.Count));
            var least = Read("samples", type);
            foreach (var (field, _) in kept["fields"]!.AsObject().Where(field => field.Value!.GetValue<string>().Contains(", optional", StringComparison.Ordinal) && !field.Key.Contains('.', StringComparison.Ordinal)))
            {
                least.Remove(field);
            }

            if (least.Count < sample.Count)
            {
                // Another key, or the second would be refused as a repetition.
                if (kept["key"] is { } key)
                {
                    least[key.GetValue<string>()] = $"{least[key.GetValue<string>()]}9";
                }

                records.Add(Record(type, least, kept, records.Count));
            }
        }

        return records;
    }

    public static LogRecord Raw(string type, string json) => new(new PartitionId(StreamOf(type), 0), 0, Noon, new EventEnvelope
    {
        Id = "e1", Type = type, Source = StreamOf(type), Key = "1", Time = Noon, CommittedAt = Noon, Producer = $"{StreamOf(type)}/1", Sequence = 1, Data = Encoding.UTF8.GetBytes(json),
    });

    public static string StreamOf(string type) => type[..type.IndexOf('.', StringComparison.Ordinal)];

    private static JsonObject Read(string folder, string type) => JsonNode.Parse(File.ReadAllText(Path.Combine(Folder, folder, $"{type}.json")))!.AsObject();

    private static LogRecord Record(string type, JsonObject sample, JsonObject kept, int number) => new(new PartitionId(StreamOf(type), 0), number, Noon, new EventEnvelope
    {
        Id = $"{type}/{number}",
        Type = type,
        Source = StreamOf(type),
        Key = kept["key"] is { } key ? sample[key.GetValue<string>()]!.GetValue<string>() : $"{type}/{number}",
        Time = Noon.AddMinutes(number),
        CommittedAt = Noon.AddMinutes(number),
        CorrelationId = $"{type}/{number}",
        Producer = $"{StreamOf(type)}/1",
        Sequence = number + 1,
        Data = Encoding.UTF8.GetBytes(sample.ToJsonString(FlowJson.Options)),
    });
}
