using FlowPlatform.Log;
using FlowPlatform.Stores;
using Polly;
using Polly.Retry;

namespace FlowPlatform.Consumers;

/// <summary>
/// What is tried again, and how often. Faults of a store that pass (busy, connection lost, disk full) are waited out for as long as it takes: that is a consumer's back-pressure, and says
/// nothing about an event. What a handler throws is tried a bounded number of times, and then is the event's. Delays are those of <see cref="RetryDelay"/>. Safe for concurrent use.
/// </summary>
internal static class RetryPolicy
{
    /// <summary>
    /// Waits for the store, without limit. What may have been done is done again: if it was, the compare-and-set finds the checkpoint moved, or the parked event gone.
    /// </summary>
    /// <param name="clock">Clock of the delays.</param>
    /// <param name="busy">Told of every refusal.</param>
    public static ResiliencePipeline ForStore(TimeProvider clock, Action<Exception> busy) => Build(clock, new RetryStrategyOptions
    {
        Name = "store",
        ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Exception is StoreBusyException or CommitOutcomeUnknownException),
        MaxRetryAttempts = int.MaxValue,
        DelayGenerator = static arguments => ValueTask.FromResult<TimeSpan?>(RetryDelay.After(arguments.AttemptNumber + 1)),
        OnRetry = arguments =>
        {
            busy(arguments.Outcome.Exception!);
            return ValueTask.CompletedTask;
        },
    });

    /// <summary>Tries one event again.</summary>
    /// <param name="clock">Clock of the delays.</param>
    /// <param name="attempts">Attempts in all; 1: none again.</param>
    public static ResiliencePipeline ForHandler(TimeProvider clock, int attempts) => attempts == 1 ? ResiliencePipeline.Empty : Build(clock, new RetryStrategyOptions
    {
        Name = "handler",
        ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Exception is { } thrown && IsOfEvent(thrown, arguments.Context.CancellationToken)),
        MaxRetryAttempts = attempts - 1,
        DelayGenerator = static arguments => ValueTask.FromResult<TimeSpan?>(RetryDelay.After(arguments.AttemptNumber + 1)),
    });

    /// <summary>True if what was thrown may be because of the event: not because the consumer ends, has lost the partition or may park no more, nor because of the store or the log.</summary>
    public static bool IsOfEvent(Exception thrown, CancellationToken cancellationToken) => thrown switch
    {
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        OwnershipLostException or StoreBusyException or CommitOutcomeUnknownException or ParkingLimitException or LogCorruptException or OutOfMemoryException => false,
        _ => true,
    };

    /// <summary>Runs work in a pipeline, and goes on where it is awaited.</summary>
    public static async Task RunAsync(this ResiliencePipeline pipeline, Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: true, cancellationToken);
        try
        {
            await pipeline.ExecuteAsync(static async (context, work) => await work(context.CancellationToken), context, work);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static ResiliencePipeline Build(TimeProvider clock, RetryStrategyOptions options) => new ResiliencePipelineBuilder { TimeProvider = clock }.AddRetry(options).Build();
}
