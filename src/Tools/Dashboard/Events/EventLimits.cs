namespace FlowPlatform.Dashboard.Events;

/// <summary>How much of the log is read for people, by all pages and browsers together.</summary>
/// <param name="EventsPerSecond">Default 20,000.</param>
/// <param name="BytesPerSecond">Default 8 MiB.</param>
internal sealed record EventLimits(long EventsPerSecond, long BytesPerSecond)
{
    /// <summary>Events that one search looks at before it asks whether to go on.</summary>
    public const int MaxScanned = 100_000;

    /// <summary>Events on a page.</summary>
    public const int MaxPage = 200;

    /// <summary>Longest that one search runs before it asks whether to go on.</summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromSeconds(30);

    /// <summary>Where nothing is set.</summary>
    public static EventLimits Default { get; } = new(EventsPerSecond: 20_000, BytesPerSecond: 8L << 20);

    /// <exception cref="DashboardSettingsException">A limit is none.</exception>
    public static EventLimits From(IConfiguration configuration)
    {
        var section = configuration.GetSection("Dashboard:EventLimits");
        var limits = new EventLimits(section.GetValue("EventsPerSecond", Default.EventsPerSecond), section.GetValue("BytesPerSecond", Default.BytesPerSecond));
        return limits is { EventsPerSecond: > 0 and <= 10_000_000, BytesPerSecond: > 0 and <= 1L << 32 }
            ? limits
            : throw new DashboardSettingsException("Dashboard:EventLimits: EventsPerSecond must be 1 to 10,000,000, BytesPerSecond 1 to 4 GiB.");
    }
}
