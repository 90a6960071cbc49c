using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace FlowPlatform.Stores;

/// <summary>The times of leases; every replica of a service should have the same. Immutable.</summary>
public sealed record LeaseSettings
{
    private const double DefaultSeconds = 10;
    private const double LeastSeconds = 1;
    private const double MostSeconds = 3_600;

    /// <summary>Creates them.</summary>
    /// <param name="lease">See <see cref="Lease"/>; from 1 s to an hour.</param>
    public LeaseSettings(TimeSpan lease)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(lease, TimeSpan.FromSeconds(LeastSeconds));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(lease, TimeSpan.FromSeconds(MostSeconds));
        Lease = lease;
    }

    /// <summary>10 s.</summary>
    public static LeaseSettings Default { get; } = new(TimeSpan.FromSeconds(DefaultSeconds));

    /// <summary>The longest that a partition stays with a replica that is gone: setting <c>FLOW_LEASE</c>, in seconds.</summary>
    public TimeSpan Lease { get; }

    /// <summary>How long a renewal holds on the database's clock; the rest of the lease is for the others to notice and take.</summary>
    public TimeSpan Term => Lease * 0.8;

    /// <summary>How often a replica renews.</summary>
    public TimeSpan RenewEvery => Term / 3;

    /// <summary>How long a replica goes on by its own clock after it has sent a renewal that succeeded; less than the term, for clocks differ in speed.</summary>
    public TimeSpan OwnTerm => Term * 0.9;

    /// <summary>The longest that a transaction may be idle, or wait for a lock: less than a third of the lease, so that a paused owner doesn't hold the hand-over up.</summary>
    public TimeSpan LockTimeout => Lease * 0.3;

    /// <summary>Reads <c>FLOW_LEASE</c>.</summary>
    /// <exception cref="InvalidOperationException">It is no number of seconds from 1 to 3,600.</exception>
    public static LeaseSettings From(IConfiguration configuration) =>
        configuration["FLOW_LEASE"] is not { Length: > 0 } text ? Default
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds is >= LeastSeconds and <= MostSeconds ? new(TimeSpan.FromSeconds(seconds))
        : throw new InvalidOperationException($"FLOW_LEASE is '{text}'. It must be a number of seconds from 1 to 3600.");
}
