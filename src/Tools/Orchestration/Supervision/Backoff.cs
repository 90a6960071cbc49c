namespace FlowPlatform.Orchestration.Supervision;

/// <summary>How long to wait before a crashed resource starts again: 200 ms, doubled with each crash up to 10 s, forgotten after 30 s of life.</summary>
internal sealed class Backoff
{
    public static readonly TimeSpan First = TimeSpan.FromMilliseconds(200);
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Stable = TimeSpan.FromSeconds(30);
    private const int LoopingFrom = 5;

    /// <summary>Crashes since it was last stable.</summary>
    public int Crashes { get; private set; }

    public bool IsLooping => Crashes >= LoopingFrom;

    /// <summary>Counts a crash after <paramref name="uptime"/> and returns the wait.</summary>
    public TimeSpan Next(TimeSpan uptime)
    {
        Crashes = uptime >= Stable ? 1 : Crashes + 1;
        var doublings = Math.Min(Crashes - 1, 16);
        var delay = First * (1 << doublings);
        return delay < Longest ? delay : Longest;
    }
}
