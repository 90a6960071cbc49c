using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ;

/// <summary>Gives credit back from any thread without waiting; what is due while a frame is being written goes together in the next.</summary>
internal sealed class CreditReturn
{
    private StreamSubscription? subscription;
    private int due;

    public void Start(StreamSubscription started) => subscription = started;

    public void Return()
    {
        if (Interlocked.Increment(ref due) == 1)
        {
            _ = SendAsync();
        }
    }

    private async Task SendAsync()
    {
        try
        {
            for (var count = Volatile.Read(ref due); count > 0; count = Interlocked.Add(ref due, -count))
            {
                count = Math.Min(count, ushort.MaxValue);
                await subscription!.CreditAsync((ushort)count, CancellationToken.None);
            }
        }
        catch (StreamConnectionException)
        {
            // The connection has ended, which the reader is told by the connection itself: nothing is due any more.
            return;
        }
    }
}
