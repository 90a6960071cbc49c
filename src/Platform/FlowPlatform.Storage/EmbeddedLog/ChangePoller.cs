namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>
/// Notices what other processes do to a stream's file, for all readers and writers of this one (rule E1): one look at <c>PRAGMA data_version</c> every 1 to 20 ms, the longer the quieter it is.
/// </summary>
internal sealed class ChangePoller : IAsyncDisposable
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(20);
    private readonly CancellationTokenSource stopping = new();
    private readonly LogConnection connection;
    private readonly Task running;

    /// <summary>Starts it.</summary>
    /// <param name="connection">A connection of its own, which goes with it.</param>
    /// <param name="changed">Somebody has committed.</param>
    /// <param name="gone">The file was deleted or replaced, or can't be read; called once, then it ends.</param>
    public ChangePoller(LogConnection connection, Action changed, Action<Exception?> gone)
    {
        this.connection = connection;
        running = Task.Run(() => RunAsync(changed, gone));
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        await running;
        connection.Dispose();
        stopping.Dispose();
    }

    private async Task RunAsync(Action changed, Action<Exception?> gone)
    {
        var pause = Shortest;
        var seen = -1L;
        while (true)
        {
            try
            {
                if (connection.HasMoved)
                {
                    gone(null);
                    return;
                }

                var version = connection.DataVersion;
                pause = version != seen ? Shortest : pause < Longest / 2 ? pause * 2 : Longest;
                if (version != seen)
                {
                    seen = version;
                    changed();
                }
            }
            catch (Exception unreadable)
            {
                gone(unreadable);
                return;
            }

            // The system's clock, whatever the log's is: this waits for other processes, which don't live by a virtual clock.
            await Task.Delay(pause, TimeProvider.System, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stopping.IsCancellationRequested)
            {
                return;
            }
        }
    }
}
