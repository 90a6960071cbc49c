using RabbitMQ.Client;

namespace FlowPlatform.Benchmarks.Running;

/// <summary>Queues as MassTransit declares them: an exchange of the same name in front.</summary>
internal static class Queues
{
    /// <summary>Before its consumer is there, so that messages wait for it.</summary>
    public static Task DeclareAsync(Bench bench, string queue) => UseAsync(bench, async channel =>
    {
        await channel.ExchangeDeclareAsync(queue, "fanout", durable: true);
        await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false);
        await channel.QueueBindAsync(queue, queue, "");
    });

    public static Task DeleteAsync(Bench bench, string queue) => UseAsync(bench, async channel =>
    {
        await channel.QueueDeleteAsync(queue);
        await channel.ExchangeDeleteAsync(queue);
    });

    private static async Task UseAsync(Bench bench, Func<IChannel, Task> use)
    {
        await using var connection = await bench.ConnectAsync();
        await using var channel = await connection.CreateChannelAsync();
        await use(channel);
    }
}
