namespace FlowPlatform.Orchestration.Processes;

/// <summary>An exclusive lock on a file (flock on Unix). The system releases it when the holder ends, however it ends.</summary>
internal sealed class FileLock : IDisposable
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(50);

    private readonly FileStream stream;

    private FileLock(FileStream stream) => this.stream = stream;

    /// <summary>The lock, or null when another holder has it.</summary>
    public static FileLock? TryAcquire(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        try
        {
            return new FileLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException e) when (e is not (FileNotFoundException or DirectoryNotFoundException or PathTooLongException))
        {
            return null;
        }
    }

    /// <summary>Waits for the lock.</summary>
    /// <exception cref="TimeoutException">Another holder kept it for longer than <paramref name="limit"/>.</exception>
    public static async Task<FileLock> AcquireAsync(string path, TimeSpan limit, Action? onWait, TimeProvider time, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (var first = true; ; first = false)
        {
            if (TryAcquire(path) is { } acquired)
            {
                return acquired;
            }
            if (first)
            {
                onWait?.Invoke();
            }
            if (time.GetElapsedTime(started) > limit)
            {
                throw new TimeoutException($"Another process has held the lock {path} for more than {limit.TotalSeconds:0} s.");
            }
            await Task.Delay(RetryInterval, time, cancellationToken);
        }
    }

    public void Dispose() => stream.Dispose();
}
