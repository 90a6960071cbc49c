namespace FlowPlatform.Testing;

/// <summary>What all waits of a test run have in common. Set it once, before the first test, e.g. in a module initializer; safe for concurrent reads.</summary>
public static class TestRun
{
    /// <summary>Gives the token of the test that is running, so that a run that is cancelled waits for nothing; default: none. With xunit: <c>() => TestContext.Current.CancellationToken</c>.</summary>
    public static Func<CancellationToken> Cancellation { get; set; } = static () => CancellationToken.None;

    /// <summary>Longest real time that a wait takes where it is given no limit of its own; default 30 s.</summary>
    public static TimeSpan Limit { get; set; } = TimeSpan.FromSeconds(30);
}
