using System.Buffers;

namespace FlowPlatform.RabbitMQ.Tests.StreamProtocol;

/// <summary>A pool that knows what is not back yet, refuses what comes back twice, and spoils what came back, so that its use afterwards shows.</summary>
internal sealed class CountingPool : ArrayPool<byte>
{
    private readonly HashSet<byte[]> rented = [];
    private int outstanding;

    public int Outstanding => Volatile.Read(ref outstanding);

    public override byte[] Rent(int minimumLength)
    {
        var array = GC.AllocateUninitializedArray<byte>(Math.Max(minimumLength, 16));
        lock (rented)
        {
            rented.Add(array);
            outstanding = rented.Count;
        }

        return array;
    }

    public override void Return(byte[] array, bool clearArray = false)
    {
        lock (rented)
        {
            if (!rented.Remove(array))
            {
                throw new InvalidOperationException("A buffer came back that is not out.");
            }

            outstanding = rented.Count;
        }

        array.AsSpan().Fill(0xdd);
    }
}
