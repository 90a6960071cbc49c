using Code = Google.Rpc.Code;

namespace FlowPlatform.Dashboard.Receiving;

/// <summary>Bounds how many requests are read and decoded at a time. Safe for concurrent use.</summary>
internal sealed class OtlpGate(TimeProvider clock) : IDisposable
{
    /// <summary>Decoding takes a core: more would only hold more memory.</summary>
    private const int MaxAtWork = 8;

    /// <summary>Requests that wait for a place; their bodies are not read yet. All services export once a second, together.</summary>
    private const int MaxWaiting = 256;

    private static readonly TimeSpan WaitLimit = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim places = new(MaxAtWork, MaxAtWork);
    private int waiting;

    /// <summary>Takes a place; <see cref="Leave"/> gives it back.</summary>
    /// <exception cref="OtlpException">Too many wait, or it took too long.</exception>
    public async Task EnterAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref waiting) > MaxWaiting)
        {
            Interlocked.Decrement(ref waiting);
            throw Busy();
        }

        try
        {
            using var limit = new CancellationTokenSource(WaitLimit, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
            await places.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Busy();
        }
        finally
        {
            Interlocked.Decrement(ref waiting);
        }
    }

    public void Leave() => places.Release();

    public void Dispose() => places.Dispose();

    private static OtlpException Busy() => new(Code.Unavailable, "Too many requests at a time. Send it again later.", RetryAfter);
}
