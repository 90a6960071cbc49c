using System.Diagnostics;

namespace FlowPlatform.Telemetry;

/// <summary>The platform's spans of messaging. Nothing is allocated where nobody listens or the producer was not sampled.</summary>
internal static class FlowTracing
{
    /// <summary>OpenTelemetry's default limit of links per span; more would be cut off by the exporter.</summary>
    public const int MaxLinks = 128;

    private const int TraceParentLength = 55;

    public static ActivitySource Source { get; } = new("FlowPlatform.Runtime");

    /// <summary>True if the context of an event or command says that its producer was sampled.</summary>
    public static bool IsSampled(string? traceParent) => traceParent is { Length: TraceParentLength } && traceParent[^1] switch
    {
        // The lowest bit of the last hexadecimal digit.
        >= '0' and <= '9' and var digit => (digit & 1) == 1,
        >= 'a' and <= 'f' and var letter => (letter & 1) == 0,
        _ => false,
    };

    /// <summary>Starts a span without making it current: several may be open at once. Null if it is not sampled.</summary>
    /// <param name="name">Name of the operation and of what it is about.</param>
    /// <param name="kind">Kind.</param>
    /// <param name="parent">Its parent; default: it is a root.</param>
    /// <param name="links">What it is related to.</param>
    public static Activity? Start(string name, ActivityKind kind, ActivityContext parent = default, IEnumerable<ActivityLink>? links = null)
    {
        var current = Activity.Current;
        Activity.Current = null;
        var span = Source.StartActivity(name, kind, parent, tags: null, links);
        Activity.Current = current;
        return span;
    }

    /// <summary>The context that came with an event or command, if there is a valid one.</summary>
    public static bool TryParse(string? traceParent, string? traceState, out ActivityContext context) => ActivityContext.TryParse(traceParent, traceState, isRemote: true, out context);

    /// <summary>Ends a span; who is current stays so.</summary>
    public static void End(Activity? span)
    {
        if (span is not null)
        {
            var current = Activity.Current;
            span.Stop();
            Activity.Current = current == span ? null : current;
        }
    }

    /// <summary>Says that it failed. Cancellation is not an error.</summary>
    public static void Fail(Activity? span, Exception fault)
    {
        if (span is { IsAllDataRequested: true } && fault is not OperationCanceledException)
        {
            span.SetTag("error.type", fault.GetType().FullName);
            span.SetStatus(ActivityStatusCode.Error, fault.Message);
            span.AddException(fault);
        }
    }

    /// <summary>The attributes that every messaging span has.</summary>
    public static Activity? Describe(this Activity? span, string system, string operation, string? destination)
    {
        if (span is { IsAllDataRequested: true })
        {
            span.SetTag("messaging.system", system);
            span.SetTag("messaging.operation.name", operation);
            span.SetTag("messaging.operation.type", operation);
            if (destination is not null)
            {
                span.SetTag("messaging.destination.name", destination);
            }
        }

        return span;
    }
}
