namespace FlowPlatform.Dashboard.Streams;

/// <summary>How much of the samples is kept.</summary>
/// <param name="MaxAge">How long; default 24 hours.</param>
/// <param name="MaxBytes">Bytes of a run's file; default 128 MiB. The oldest go first. 50 partitions of consumers that all move take about 300 MB a day.</param>
internal sealed record HistoryOptions(TimeSpan MaxAge, long MaxBytes)
{
    public static HistoryOptions From(IConfiguration configuration)
    {
        var limits = configuration.GetSection("Dashboard:StreamLimits");
        var options = new HistoryOptions(limits.GetValue("MaxAge", TimeSpan.FromHours(24)), limits.GetValue("MaxBytes", 128L << 20));
        return options.MaxAge > TimeSpan.Zero && options.MaxBytes >= 1 << 20
            ? options
            : throw new DashboardSettingsException("Dashboard:StreamLimits: MaxAge must be above zero, such as 1.00:00:00, and MaxBytes at least 1048576.");
    }
}
