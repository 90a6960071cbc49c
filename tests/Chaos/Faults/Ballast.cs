namespace FlowPlatform.Chaos.Faults;

/// <summary>A file that takes all that is free on a small disk, also what becomes free while it is there.</summary>
internal sealed class Ballast(string folder) : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly byte[] Zeros = new byte[1 << 20];

    private readonly TaskCompletionSource full = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource removed = new();

    private string FileName => Path.Combine(folder, "ballast");

    /// <summary>Completes when there is no byte left.</summary>
    public Task Full => full.Task;

    /// <summary>Fills until it is disposed.</summary>
    public async Task FillAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(removed.Token, cancellationToken);
        try
        {
            await using var file = new FileStream(FileName, FileMode.Create, FileAccess.Write, FileShare.Delete, bufferSize: 0);
            while (true)
            {
                Fill(file);
                full.TrySetResult();
                await Task.Delay(Interval, time, either.Token);
            }
        }
        catch (OperationCanceledException)
        {
            full.TrySetCanceled(CancellationToken.None);
        }
        finally
        {
            File.Delete(FileName);
        }
    }

    public async ValueTask DisposeAsync() => await removed.CancelAsync();

    /// <summary>In ever smaller pieces, down to a page.</summary>
    private static void Fill(FileStream file)
    {
        const int Smallest = 4096;
        for (var piece = Zeros.Length; piece >= Smallest;)
        {
            try
            {
                file.Write(Zeros, 0, piece);
            }
            catch (IOException)
            {
                piece /= 2;
            }
        }
    }
}
