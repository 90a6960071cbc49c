using System.Globalization;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage.EmbeddedLog;

// A process that writes to a log: LogWriter STREAM PRODUCER EVENTS BATCH. It appends events 1 to EVENTS of the producer to partition 0, a batch at a time, and says after each how many are confirmed.
// The environment names the log: LOG_DIRECTORY, or LOG_AMQP and LOG_STREAM.
var (stream, producer, count, size) = (args[0], args[1], Number(args[2]), Number(args[3]));
await using IEventLog log = Environment.GetEnvironmentVariable("LOG_DIRECTORY") is { } directory
    ? new EmbeddedEventLog(directory, TimeProvider.System)
    : new RabbitMqEventLog(new RabbitMqEventLogOptions { AmqpUri = Address("LOG_AMQP"), StreamUri = Address("LOG_STREAM") }, TimeProvider.System);
await using var writer = await log.OpenWriterAsync(new PartitionId(stream, 0), producer, CancellationToken.None);
foreach (var batch in Enumerable.Range(1, count).Select(Event).Chunk(size))
{
    await writer.AppendAsync(batch, CancellationToken.None);
    Console.WriteLine(batch[^1].Sequence.ToString(CultureInfo.InvariantCulture));
}

EventEnvelope Event(int sequence) => new()
{
    Id = $"{producer}#{sequence}",
    Type = "tests.happened.v1",
    Source = "tests",
    Key = "key",
    Time = DateTimeOffset.UnixEpoch,
    CommittedAt = DateTimeOffset.UnixEpoch,
    Producer = producer,
    Sequence = sequence,
    Data = "{}"u8.ToArray(),
};

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

static Uri Address(string name) => new(Environment.GetEnvironmentVariable(name)!);
