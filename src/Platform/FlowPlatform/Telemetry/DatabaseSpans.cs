using System.Diagnostics;

namespace FlowPlatform.Telemetry;

/// <summary>
/// Spans of database transactions by OpenTelemetry's conventions, for stores whose provider makes none. They hold no statement and no parameter. Safe for concurrent use.
/// </summary>
public static class DatabaseSpans
{
    private static readonly ActivitySource Source = new("FlowPlatform.Storage");

    /// <summary>Starts the span of one unit of work, from its first statement to the commit, without making it current.</summary>
    /// <param name="parent">Who asked for the work; without one, or with one that is not recorded, there is no span.</param>
    /// <param name="system">Value of <c>db.system.name</c>, such as <c>sqlite</c>.</param>
    /// <param name="database">Value of <c>db.namespace</c>: the database, such as the file's name.</param>
    /// <returns>The span; null if nobody records it.</returns>
    public static Activity? Start(Activity? parent, string system, string database)
    {
        if (parent is not { Recorded: true } || !Source.HasListeners())
        {
            return null;
        }

        var current = Activity.Current;
        var span = Source.StartActivity($"COMMIT {database}", ActivityKind.Client, parent.Context);
        Activity.Current = current;
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("db.system.name", system);
            span.SetTag("db.namespace", database);
            span.SetTag("db.operation.name", "COMMIT");
        }

        return span;
    }

    /// <summary>Ends it.</summary>
    /// <param name="span">The span, or null.</param>
    /// <param name="units">Units of work that were committed together.</param>
    /// <param name="fault">Why nothing was committed; null if it was.</param>
    public static void End(Activity? span, int units, Exception? fault = null)
    {
        if (span is null)
        {
            return;
        }

        if (fault is not null)
        {
            FlowTracing.Fail(span, fault);
        }
        else if (units > 1)
        {
            span.SetTag("db.operation.batch.size", units);
        }

        FlowTracing.End(span);
    }

    /// <summary>
    /// One transaction holds the effects of many events, each of which belongs to a trace of its own: in each of them it is shown by a copy, which links to the original.
    /// </summary>
    internal static void Copy(Activity transaction, Activity parent)
    {
        var current = Activity.Current;
        using (var copy = Source.StartActivity(
            transaction.DisplayName, ActivityKind.Client, parent.Context, transaction.TagObjects, [new ActivityLink(transaction.Context)], transaction.StartTimeUtc))
        {
            copy?.SetEndTime(transaction.StartTimeUtc + transaction.Duration);
        }

        Activity.Current = current;
    }
}
