using System.Globalization;

namespace Simulator.Replay;

/// <summary>How fast steps are sent: event time over wall time, orders a second, or as fast as it goes.</summary>
internal sealed class Pace
{
    private readonly double? speed;
    private readonly double? rate;

    private Pace(double? speed, double? rate) => (this.speed, this.rate) = (speed, rate);

    /// <summary>As fast as it goes.</summary>
    public static Pace Max { get; } = new(null, null);

    /// <summary>Event time over wall time.</summary>
    public static Pace Speed(double factor) => new(factor, null);

    /// <summary>Positions a second.</summary>
    public static Pace Rate(double perSecond) => new(null, perSecond);

    /// <summary>True if nothing waits for a clock.</summary>
    public bool IsMax => speed is null && rate is null;

    /// <summary>When a step is due.</summary>
    public DateTimeOffset DueAt(Step step, PaceAnchor anchor) => (speed, rate) switch
    {
        ({ } factor, _) => anchor.Wall + ((step.Action.Time - anchor.Event) / factor),
        (_, { } perSecond) => anchor.Wall + TimeSpan.FromSeconds((step.Position - anchor.Position) / perSecond),
        _ => anchor.Wall,
    };

    public override string ToString() => (speed, rate) switch
    {
        ({ } factor, _) => string.Create(CultureInfo.InvariantCulture, $"{factor}x"),
        (_, { } perSecond) => string.Create(CultureInfo.InvariantCulture, $"{perSecond}/s"),
        _ => "max",
    };
}
