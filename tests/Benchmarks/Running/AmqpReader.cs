using RabbitMQ.Client;
using RabbitMQ.Client.Events;

namespace FlowPlatform.Benchmarks.Running;

/// <summary>Reads a stream from its beginning with RabbitMQ.Client: prefetch 1,000, acknowledged by the five hundred.</summary>
internal static class AmqpReader
{
    private const ushort Prefetch = 1_000;
    private const ulong AcknowledgeEvery = 500;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public static async Task ReadAsync(Bench bench, string queue, int count)
    {
        await using var connection = await bench.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        await channel.BasicQosAsync(0, Prefetch, global: false);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var received = 0;
        var consumer = new AsyncEventingBasicConsumer(channel);
        consumer.ReceivedAsync += async (_, delivery) =>
        {
            if (++received == count)
            {
                ended.TrySetResult();
            }

            if (delivery.DeliveryTag % AcknowledgeEvery == 0)
            {
                await channel.BasicAckAsync(delivery.DeliveryTag, multiple: true);
            }
        };
        await channel.BasicConsumeAsync(
            queue, autoAck: false, consumerTag: "", noLocal: false, exclusive: false, new Dictionary<string, object?> { ["x-stream-offset"] = "first" }, consumer);
        await ended.Task.WaitAsync(Limit);
    }
}
