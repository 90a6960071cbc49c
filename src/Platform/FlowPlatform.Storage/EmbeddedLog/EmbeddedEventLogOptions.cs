namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>The bounds of using an embedded log. Checked when the log is created.</summary>
public sealed class EmbeddedEventLogOptions
{
    /// <summary>How long a writer waits for its turn among the processes that write to the stream, and an opening one for the file; default 10 s.</summary>
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Largest event, data and headers together, in bytes; default 4 MiB.</summary>
    public int MaxEventBytes { get; set; } = 4 * 1024 * 1024;

    /// <summary>Most events of a batch; default 1,000. A call that appends more stores several batches.</summary>
    public int MaxBatchEvents { get; set; } = 1_000;

    /// <summary>Bytes of a batch to aim at; default 1 MiB. A single larger event is a batch of its own.</summary>
    public int MaxBatchBytes { get; set; } = 1024 * 1024;

    /// <summary>Batches that a reader may have undisposed; default 10.</summary>
    public int UndisposedBatches { get; set; } = 10;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(LockTimeout, TimeSpan.FromMilliseconds(1));
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxEventBytes, 1024);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxEventBytes, 256 * 1024 * 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBatchEvents, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(MaxBatchBytes, 1024);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(MaxBatchBytes, 64 * 1024 * 1024);
        ArgumentOutOfRangeException.ThrowIfLessThan(UndisposedBatches, 1);
    }
}
