#:project ../../src/Platform/FlowPlatform.RabbitMQ/FlowPlatform.RabbitMQ.csproj
#:property PublishAot=false
#:property ManagePackageVersionsCentrally=true

using System.Globalization;
using System.Text;
using System.Text.Json;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ;
using RabbitMQ.Client;

// The .NET side of interop.mjs: write, declare, check or delete super streams of three partitions.
const int Partitions = 3;
var options = new RabbitMqEventLogOptions { AmqpUri = Address("RABBITMQ"), StreamUri = Address("RABBITMQ_STREAM") };
await using var log = new RabbitMqEventLog(options, TimeProvider.System);
await (args switch
{
    ["write", var stream, var file] => WriteAsync(stream, file),
    ["declare", var stream] => log.EnsureStreamAsync(new StreamDefinition(stream, Partitions), default),
    ["check", var stream, var file] => CheckAsync(stream, file),
    ["delete", .. var streams] => DeleteAsync(streams),
    _ => throw new ArgumentException("usage: write STREAM FILE | declare STREAM | check STREAM FILE | delete STREAM…"),
});

static Uri Address(string name) => new(Environment.GetEnvironmentVariable(name) ?? throw new ArgumentException($"{name} is not set."));

static EventEnvelope Event(int sequence, string key, int size) => new()
{
    Id = $"flow-{sequence}",
    Type = "flow.written.v1",
    Source = "interop",
    Key = key,
    Time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(sequence),
    CommittedAt = DateTimeOffset.FromUnixTimeMilliseconds(1_750_000_000_000 + sequence),
    TraceParent = sequence % 2 == 0 ? "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" : null,
    CorrelationId = sequence % 3 == 0 ? $"correlation-{sequence}" : null,
    CausationId = sequence % 5 == 0 ? new string('c', 300) : null,
    Producer = "interop/1",
    Sequence = sequence,
    Data = Encoding.UTF8.GetBytes($$"""{"n":{{sequence}},"text":"größe ✓{{new string('x', size)}}"}"""),
};

async Task WriteAsync(string stream, string file)
{
    await log.EnsureStreamAsync(new StreamDefinition(stream, Partitions), default);
    int[] sizes = [0, 1, 200, 255, 256, 70_000];
    var events = Enumerable.Range(0, 300).Select(i => $"customer-{i}{(i % 7 == 6 ? "-é✓" : "")}").GroupBy(key => Partitioner.PartitionOf(key, Partitions));
    var expected = new List<object>();
    foreach (var group in events)
    {
        var partition = new PartitionId(stream, group.Key);
        var batch = group.Select((key, index) => Event(index + 1, key, sizes[index % sizes.Length])).ToList();
        await using var writer = await log.OpenWriterAsync(partition, "interop/1", default);
        await writer.AppendAsync(batch, default);
        expected.AddRange(batch.Select((e, offset) => new
        {
            partition = partition.Name,
            offset,
            id = e.Id,
            type = e.Type,
            contentType = e.ContentType,
            key = e.Key,
            committedAt = e.CommittedAt.ToUnixTimeMilliseconds(),
            data = Convert.ToBase64String(e.Data.Span),
            applicationProperties = Properties(e),
        }));
    }

    await File.WriteAllTextAsync(file, JsonSerializer.Serialize(expected));
}

static Dictionary<string, string> Properties(EventEnvelope e)
{
    var all = new Dictionary<string, string?>
    {
        ["cloudEvents:specversion"] = "1.0",
        ["cloudEvents:id"] = e.Id,
        ["cloudEvents:type"] = e.Type,
        ["cloudEvents:source"] = e.Source,
        ["cloudEvents:time"] = e.Time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
        ["traceparent"] = e.TraceParent,
        ["flow-producer"] = e.Producer,
        ["flow-sequence"] = e.Sequence.ToString(CultureInfo.InvariantCulture),
        ["correlation-id"] = e.CorrelationId,
        ["causation-id"] = e.CausationId,
    };
    return all.Where(pair => pair.Value is not null).ToDictionary(pair => pair.Key, pair => pair.Value!);
}

async Task CheckAsync(string stream, string file)
{
    using var document = JsonDocument.Parse(await File.ReadAllTextAsync(file));
    var expected = document.RootElement.EnumerateArray().ToDictionary(e => e.GetProperty("messageProperties").GetProperty("messageId").GetString()!);
    var (seen, elsewhere) = (0, new List<string>());
    for (var index = 0; index < Partitions; index++)
    {
        var partition = new PartitionId(stream, index);
        if (await log.ReadLastAsync(partition, default) is not { } last)
        {
            continue;
        }

        await using var reader = await log.OpenReaderAsync(partition, LogPosition.First, default);
        for (var at = -1L; at < last.Offset;)
        {
            using var batch = await reader.ReadAsync(default);
            foreach (var record in batch.Records)
            {
                Compare(record, expected[record.Event.Id]);
                at = record.Offset;
                seen++;
                if (Partitioner.PartitionOf(record.Event.Key, Partitions) != index)
                {
                    elsewhere.Add(record.Event.Key);
                }
            }
        }
    }

    Equal("events", expected.Count, seen);
    Console.WriteLine($"our client read {seen} messages of the JavaScript client, every property equal; routed otherwise: {elsewhere.Count} keys {string.Join(", ", elsewhere.Take(3))}");
    Equal("keys of ASCII that are routed otherwise", 0, elsewhere.Count(key => Ascii.IsValid(key)));
}

static void Compare(LogRecord record, JsonElement expected)
{
    var e = record.Event;
    var (properties, more) = (expected.GetProperty("messageProperties"), expected.GetProperty("applicationProperties"));
    Equal("data", expected.GetProperty("content").GetString(), Convert.ToBase64String(e.Data.Span));
    Equal("key", properties.GetProperty("groupId").GetString(), e.Key);
    Equal("type", more.GetProperty("cloudEvents:type").GetString(), e.Type);
    Equal("source", more.GetProperty("cloudEvents:source").GetString(), e.Source);
    Equal("content type", properties.GetProperty("contentType").GetString(), e.ContentType);
    Equal("correlation", properties.GetProperty("correlationId").GetString(), e.CorrelationId);
    Equal("time", more.GetProperty("cloudEvents:time").GetDateTimeOffset(), e.Time);
    Equal("committed", properties.GetProperty("creationTime").GetDateTimeOffset(), e.CommittedAt);
    Equal("producer", null, e.Producer);
}

static void Equal<T>(string what, T expected, T actual)
{
    if (!EqualityComparer<T>.Default.Equals(expected, actual))
    {
        throw new InvalidOperationException($"{what}: {expected} was expected, {actual} was found.");
    }
}

async Task DeleteAsync(string[] streams)
{
    await using var connection = await new ConnectionFactory { Uri = options.AmqpUri! }.CreateConnectionAsync();
    await using var channel = await connection.CreateChannelAsync();
    foreach (var stream in streams)
    {
        for (var index = 0; index < Partitions; index++)
        {
            await channel.QueueDeleteAsync($"{stream}-{index}");
        }

        await channel.ExchangeDeleteAsync(stream);
    }
}
