using System.Text;
using FlowPlatform.Tests.Support.Otlp;

namespace FlowPlatform.EndToEnd.Tests.Telemetry;

/// <summary>
/// Shows a trace as a tree of lines <c>service name</c>, indented, siblings sorted. Siblings that read alike are one, with the children of all: a call that is tried again has more spans, but the
/// same shape.
/// </summary>
internal static class TraceTree
{
    public static string Of(IEnumerable<OtlpSpan> spans, string traceId, string rootParent)
    {
        var trace = spans.Where(span => span.TraceId == traceId).ToList();
        var known = trace.Select(span => span.SpanId).ToHashSet();
        var text = new StringBuilder();
        Append(text, trace.ToLookup(span => span.ParentId), [rootParent], 0);
        foreach (var lost in trace.Where(span => span.ParentId != rootParent && !known.Contains(span.ParentId)).Select(LineOf).Order(StringComparer.Ordinal))
        {
            text.Append($"lost: {lost}\n");
        }

        return text.ToString().TrimEnd();
    }

    private static void Append(StringBuilder text, ILookup<string, OtlpSpan> children, IReadOnlyCollection<string> parents, int depth)
    {
        foreach (var alike in parents.SelectMany(parent => children[parent]).GroupBy(LineOf).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            text.Append(' ', depth * 2).Append(alike.Key).Append('\n');
            Append(text, children, [.. alike.Select(span => span.SpanId)], depth + 1);
        }
    }

    private static string LineOf(OtlpSpan span) =>
        $"{span.Service.ToLowerInvariant()} {span.Kind.ToString().ToLowerInvariant()} {span.Name}{(span.Text("messaging.consumer.group.name") is { } consumer ? $" [{consumer}]" : "")}";
}
