using System.Collections.Immutable;
using FlowPlatform.Consumers;
using FlowPlatform.Hosting;
using FlowPlatform.Stores;
using FlowPlatform.Testing.Running;
using Microsoft.Extensions.DependencyInjection;

namespace FlowPlatform.Testing;

/// <content>Waits.</content>
public sealed partial class FlowTest
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(3);

    /// <summary>
    /// Waits until every consumer has applied every event there is, every command is handled, and everything that came of it is published and applied, too.
    /// </summary>
    /// <param name="limit">Longest real time; default <see cref="FlowTestOptions.Limit"/>.</param>
    /// <exception cref="FlowTestException">Not within the limit: it names who lags. Or at once: a consumer or a command failed, or an event was parked; the inner exception is why.</exception>
    public async Task SettledAsync(TimeSpan? limit = null)
    {
        var standing = await WatchAsync(standing => standing.Failure is not null || standing.Behind.Count == 0, limit, "Not settled");
        if (standing.Failure is { } failure)
        {
            throw new FlowTestException(Report($"The flow does not settle, {(standing.IsParked ? "an event is parked" : "something has stopped")}: {failure.Message}", standing), failure is PoisonEventException poison ? poison.InnerException : failure);
        }
    }

    /// <summary>
    /// Waits until a consumer has stopped, as one that does not park does at an event that it can't apply. From then on <see cref="SettledAsync"/> is about the others.
    /// </summary>
    /// <param name="limit">Longest real time; default <see cref="FlowTestOptions.Limit"/>.</param>
    /// <returns>The exception that stopped it, e.g. <see cref="PoisonEventException"/>.</returns>
    /// <exception cref="FlowTestException">It goes on running.</exception>
    public async Task<Exception> StoppedAsync<TConsumer>(TimeSpan? limit = null)
        where TConsumer : Consumer
    {
        var loop = LoopOf<TConsumer>();
        ImmutableInterlocked.Update(ref mayStop, static (names, name) => names.Add(name), loop.Consumer.Name);
        await WatchAsync(_ => loop.Failure is not null, limit, $"{loop.Consumer.Name} did not stop");
        return loop.Failure!;
    }

    /// <summary>
    /// Lets the service settle, ends its connections to the log and delivers every event to every consumer again, as after a lost connection; completes when they have been through them.
    /// Nothing may change by it.
    /// </summary>
    /// <exception cref="FlowTestException">As of <see cref="SettledAsync"/>.</exception>
    public async Task DeliverAgainAsync()
    {
        await SettledAsync();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestRun.Cancellation());
        limit.CancelAfter(source.Options.Limit);
        try
        {
            await observed.RedeliverAsync(limit.Token);
        }
        catch (OperationCanceledException) when (!TestRun.Cancellation().IsCancellationRequested)
        {
            throw new FlowTestException(Report($"Not delivered again within {source.Options.Limit.TotalSeconds:0.##} s.", await SurveyAsync()));
        }

        await SettledAsync();
    }

    private async Task<Standing> WatchAsync(Func<Standing, bool> enough, TimeSpan? limit, string otherwise)
    {
        var time = limit ?? source.Options.Limit;
        var started = TimeProvider.System.GetTimestamp();
        using var timer = new PeriodicTimer(Interval, TimeProvider.System);
        while (true)
        {
            var standing = await SurveyAsync();
            if (enough(standing))
            {
                return standing;
            }

            if (TimeProvider.System.GetElapsedTime(started) > time)
            {
                var why = standing.Behind.Count == 0 ? "" : $": {string.Join("; ", standing.Behind)}";
                throw new FlowTestException(Report($"{otherwise} within {time.TotalSeconds:0.##} s{why}.", standing));
            }

            await timer.WaitForNextTickAsync(TestRun.Cancellation());
        }
    }

    private Task<Standing> SurveyAsync() =>
        new Surveyor(Services.GetRequiredService<FlowRuntime>(), Definition, Store, log, queue).ReadAsync(mayStop, mayPark, TestRun.Cancellation());

    private string Report(string headline, Standing standing)
    {
        List<string> lines = [headline, .. standing.Lines.Select(line => $"  {line}")];
        if (source.Warnings.Lines is { Count: > 0 } warnings)
        {
            lines.Add("Last warnings of the service:");
            lines.AddRange(warnings.Select(line => $"  {line}"));
        }

        return string.Join(Environment.NewLine, lines);
    }
}
