using FlowPlatform.Log;
using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace FlowPlatform.Benchmarks.Running;

/// <summary>Publishes with RabbitMQ.Client as well as it can: a channel with confirms, which are counted here, because the client's own tracking costs twice the time and adds a header to every message.</summary>
internal sealed class AmqpPublisher : IAsyncDisposable
{
    /// <summary>Unconfirmed messages; more bring nothing.</summary>
    private const int Window = 5_000;
    private readonly IConnection connection;
    private readonly IChannel channel;
    private readonly string queue;
    private readonly Lock gate = new();
    private readonly Queue<ulong> outstanding = new();
    private readonly HashSet<ulong> early = [];
    private ulong next = 1;
    private ulong upTo;
    private TaskCompletionSource? changed;

    private AmqpPublisher(IConnection connection, IChannel channel, string queue)
    {
        this.connection = connection;
        this.channel = channel;
        this.queue = queue;
        channel.BasicAcksAsync += (_, acknowledged) =>
        {
            Confirm(acknowledged);
            return Task.CompletedTask;
        };
    }

    public static async Task<AmqpPublisher> OpenAsync(Bench bench, string queue)
    {
        var connection = await bench.ConnectAsync();
        return new AmqpPublisher(connection, await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false)), queue);
    }

    /// <summary>The same events as messages, with the same attributes.</summary>
    public static IReadOnlyList<(BasicProperties Properties, ReadOnlyMemory<byte> Body)> Prepare(IEnumerable<EventEnvelope> events) => [.. events.Select(e => (
        new BasicProperties
        {
            MessageId = e.Id, Type = e.Type, ContentType = e.ContentType, CorrelationId = e.CorrelationId, Timestamp = new AmqpTimestamp(e.CommittedAt.ToUnixTimeSeconds()),
            Headers = new Dictionary<string, object?>
            {
                ["cloudEvents:id"] = e.Id, ["cloudEvents:type"] = e.Type, ["cloudEvents:source"] = e.Source, ["cloudEvents:specversion"] = "1.0", ["cloudEvents:time"] = "1970-01-01T00:00:00.000000Z",
                ["flow-producer"] = e.Producer, ["flow-sequence"] = e.Sequence.ToString(System.Globalization.CultureInfo.InvariantCulture),
            },
        },
        e.Data))];

    /// <summary>Publishes, and waits until all are confirmed.</summary>
    public async Task PublishAsync(IReadOnlyList<(BasicProperties Properties, ReadOnlyMemory<byte> Body)> messages)
    {
        foreach (var (properties, body) in messages)
        {
            while (Full(Window) is { } room)
            {
                await room;
            }

            lock (gate)
            {
                outstanding.Enqueue(next++);
            }

            await channel.BasicPublishAsync("", queue, mandatory: false, properties, body);
        }

        while (Full(1) is { } rest)
        {
            await rest;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await channel.DisposeAsync();
        await connection.DisposeAsync();
    }

    private Task? Full(int limit)
    {
        lock (gate)
        {
            return outstanding.Count < limit ? null : (changed ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    private void Confirm(BasicAckEventArgs acknowledged)
    {
        lock (gate)
        {
            if (acknowledged.Multiple)
            {
                upTo = Math.Max(upTo, acknowledged.DeliveryTag);
            }
            else
            {
                early.Add(acknowledged.DeliveryTag);
            }

            while (outstanding.TryPeek(out var oldest) && (early.Remove(oldest) || oldest <= upTo))
            {
                outstanding.Dequeue();
            }

            changed?.TrySetResult();
            changed = null;
        }
    }
}
