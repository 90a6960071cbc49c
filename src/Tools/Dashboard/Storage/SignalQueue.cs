using System.Threading.Channels;

namespace FlowPlatform.Dashboard.Storage;

/// <summary>A decoded export request.</summary>
internal interface IExport
{
    /// <summary>Spans, log records or points.</summary>
    int Items { get; }

    /// <summary>Size of the request, not compressed.</summary>
    int Bytes { get; }
}

/// <summary>Exports that wait to be written, bounded by their size. Many add, one takes.</summary>
/// <param name="maxBytes">Beyond, nothing is added.</param>
internal sealed class SignalQueue<TExport>(long maxBytes)
    where TExport : IExport
{
    private readonly Channel<TExport> exports = Channel.CreateUnbounded<TExport>(new UnboundedChannelOptions { SingleReader = true });
    private long bytes;

    /// <summary>Size of what waits or is being written.</summary>
    public long WaitingBytes => Volatile.Read(ref bytes);

    /// <summary>Whether something of this size would be taken now. Asked before a request is read, it saves the work.</summary>
    public bool HasRoomFor(long size) => WaitingBytes + size <= maxBytes;

    /// <summary>False: it is full, or closed.</summary>
    public bool TryAdd(TExport export)
    {
        if (Interlocked.Add(ref bytes, export.Bytes) <= maxBytes && exports.Writer.TryWrite(export))
        {
            return true;
        }

        Interlocked.Add(ref bytes, -export.Bytes);
        return false;
    }

    /// <summary>False once it is closed and empty.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => exports.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>Takes what waits, up to about so many items.</summary>
    public List<TExport> Take(int maxItems)
    {
        var taken = new List<TExport>();
        for (var items = 0; items < maxItems && exports.Reader.TryRead(out var export); items += export.Items)
        {
            taken.Add(export);
        }

        return taken;
    }

    /// <summary>Says that what was taken needs its room no longer.</summary>
    public void Release(IEnumerable<TExport> taken) => Interlocked.Add(ref bytes, -taken.Sum(static export => (long)export.Bytes));

    /// <summary>Takes no more.</summary>
    public void Close() => exports.Writer.TryComplete();
}
