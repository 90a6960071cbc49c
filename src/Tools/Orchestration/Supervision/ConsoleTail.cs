using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>A line of a resource's console.</summary>
/// <param name="Number">From 1, without gaps, as long as the AppHost runs; a start of the resource doesn't begin anew.</param>
/// <param name="At">When it was read.</param>
/// <param name="IsError">Whether it came on standard error.</param>
/// <param name="Text">Secrets masked.</param>
internal sealed record ConsoleLine(long Number, DateTimeOffset At, bool IsError, string Text);

/// <summary>
/// The last lines of a resource's console, for readers that come and go: at most 2,000 lines and 4 Mi characters. Whoever writes never waits for a reader; a reader that is too slow misses lines,
/// and sees it by their numbers. Safe for concurrent use.
/// </summary>
internal sealed class ConsoleTail
{
    public const int LinesMax = 2_000;
    private const int CharactersMax = 4 << 20;

    private readonly Lock gate = new();
    private readonly Queue<ConsoleLine> lines = new();
    private TaskCompletionSource? awaited;
    private long last;
    private int characters;

    public void Add(DateTimeOffset at, OutputLine line)
    {
        TaskCompletionSource? waiting;
        lock (gate)
        {
            while (lines.Count > 0 && (lines.Count >= LinesMax || characters + line.Text.Length > CharactersMax))
            {
                characters -= lines.Dequeue().Text.Length;
            }
            characters += line.Text.Length;
            lines.Enqueue(new ConsoleLine(++last, at, line.IsError, line.Text));
            (waiting, awaited) = (awaited, null);
        }
        waiting?.TrySetResult();
    }

    /// <summary>The oldest lines after a number; those that are gone are left out.</summary>
    public IReadOnlyList<ConsoleLine> After(long number, int limit)
    {
        lock (gate)
        {
            // A reader that follows is near the end.
            var skipped = lines.TryPeek(out var first) ? Math.Max(number - first.Number + 1, 0) : 0;
            return [.. lines.Skip((int)Math.Min(skipped, lines.Count)).Take(limit)];
        }
    }

    /// <summary>The number after which so many lines follow, or all there are.</summary>
    public long BeforeLast(int count)
    {
        lock (gate)
        {
            return Math.Max(last - Math.Min(count, lines.Count), 0);
        }
    }

    /// <summary>The newest line's number; 0 before the first.</summary>
    public long Last
    {
        get
        {
            lock (gate)
            {
                return last;
            }
        }
    }

    /// <summary>Completes when there is a line after that number.</summary>
    public Task NextAsync(long number, CancellationToken cancellationToken)
    {
        lock (gate)
        {
            if (last > number)
            {
                return Task.CompletedTask;
            }
            awaited ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return awaited.Task.WaitAsync(cancellationToken);
        }
    }
}
