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
    /// <summary>Waits for the store, without limit.</summary>
    /// <param name="clock">Clock of the delays.</param>
    /// <param name="busy">Told of every refusal.</param>
    public static ResiliencePipeline ForStore(TimeProvider clock, Action<StoreBusyException> busy) => Build(clock, new RetryStrategyOptions
    {
        Name = "store",
        ShouldHandle = static arguments => ValueTask.FromResult(arguments.Outcome.Exception is StoreBusyException),
        MaxRetryAttempts = int.MaxValue,
        DelayGenerator = static arguments => ValueTask.FromResult<TimeSpan?>(RetryDelay.After(arguments.AttemptNumber + 1)),
        OnRetry = arguments =>
        {
            busy((StoreBusyException)arguments.Outcome.Exception!);
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
        OwnershipLostException or StoreBusyException or ParkingLimitException or LogCorruptException or OutOfMemoryException => false,
        _ => true,
    };

    private static ResiliencePipeline Build(TimeProvider clock, RetryStrategyOptions options) => new ResiliencePipelineBuilder { TimeProvider = clock }.AddRetry(options).Build();
}
