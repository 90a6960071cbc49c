using System.Collections;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace FlowPlatform.Testing;

/// <summary>
/// Waits for a condition with a name and a limit, in real time. The condition is asked every 10 ms; an exception that it throws comes out at once. Safe for concurrent use.
/// </summary>
public static class Eventually
{
    private const int ItemsShown = 20;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    /// <summary>Waits until the condition holds.</summary>
    /// <param name="condition">The condition in words, for the message.</param>
    /// <param name="holds">Whether it holds now.</param>
    /// <param name="limit">Longest wait; default <see cref="TestRun.Limit"/>.</param>
    /// <exception cref="FlowTestException">It did not come true within the limit.</exception>
    public static Task ThatAsync(string condition, Func<bool> holds, TimeSpan? limit = null) => ThatAsync(condition, () => Task.FromResult(holds()), limit);

    /// <inheritdoc cref="ThatAsync(string, Func{bool}, TimeSpan?)" />
    public static Task ThatAsync(string condition, Func<Task<bool>> holds, TimeSpan? limit = null) =>
        PollAsync(condition, holds, static held => held, static _ => "", limit);

    /// <summary>Waits until a value is as it should be; the message shows the last one.</summary>
    /// <param name="condition">The condition in words, for the message.</param>
    /// <param name="read">Reads the value.</param>
    /// <param name="holds">Whether it is as it should be.</param>
    /// <param name="limit">Longest wait; default <see cref="TestRun.Limit"/>.</param>
    /// <returns>The value that is as it should be.</returns>
    /// <exception cref="FlowTestException">It did not become so within the limit.</exception>
    public static Task<T> ThatAsync<T>(string condition, Func<Task<T>> read, Func<T, bool> holds, TimeSpan? limit = null) =>
        PollAsync(condition, read, holds, static last => $" The last value was {Show(last)}.", limit);

    private static async Task<T> PollAsync<T>(string condition, Func<Task<T>> read, Func<T, bool> holds, Func<T, string> show, TimeSpan? limit)
    {
        var time = limit ?? TestRun.Limit;
        var test = TestRun.Cancellation();
        using var timer = new PeriodicTimer(Interval, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(test);
        either.CancelAfter(time);
        var last = " It was never answered.";
        try
        {
            while (true)
            {
                var value = await read().WaitAsync(either.Token);
                if (holds(value))
                {
                    return value;
                }

                last = show(value);
                await timer.WaitForNextTickAsync(either.Token);
            }
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested && !test.IsCancellationRequested)
        {
            throw new FlowTestException($"Not within {time.TotalSeconds:0.##} s: {condition}.{last}");
        }
    }

    private static string Show(object? value) => value switch
    {
        null => "null",
        string text => $"\"{text}\"",
        IEnumerable items => ShowAll([.. items.Cast<object?>().Take(ItemsShown + 1).Select(Show)]),
        ITuple tuple => $"({string.Join(", ", Enumerable.Range(0, tuple.Length).Select(index => Show(tuple[index])))})",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "null",
    };

    private static string ShowAll(List<string> items) => items.Count > ItemsShown ? $"[{string.Join(", ", items.Take(ItemsShown))}, …]" : $"[{string.Join(", ", items)}]";
}
