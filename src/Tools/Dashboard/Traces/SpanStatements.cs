using FlowPlatform.Dashboard.Storage;
using FlowPlatform.Storage.Sqlite;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>Adds spans with their links. Not safe for concurrent use.</summary>
internal sealed class SpanStatements(SignalConnection connection)
{
    private readonly Statement add = connection.Prepare(
        """
        INSERT INTO span (trace, span_id, parent_id, name, kind, start, duration, status, status_message, replay, resource, scope, peer, destination, attributes, events, links, not_kept)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
        ON CONFLICT DO NOTHING RETURNING 1
        """);

    private readonly Statement addLink = connection.Prepare("INSERT INTO link (trace, span_id, target_trace, target_span) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING");

    /// <summary>False if the trace has a span of this id.</summary>
    public bool Add(long trace, SpanRow row, long resource, long scope)
    {
        add.With(1, trace).With(2, row.SpanId.Signed).With(4, row.Name).With(5, (int)row.Kind).With(6, row.Start).With(7, row.Duration).With(8, (int)row.Status)
            .With(10, row.IsReplay ? 1 : 0).With(11, resource).With(12, scope).With(15, row.Attributes).With(18, row.NotKept);
        _ = row.ParentId is { } parent ? add.With(3, parent.Signed) : add.WithNull(3);
        WithText(9, row.StatusMessage);
        WithText(13, row.Peer);
        WithText(14, row.Destination);
        WithText(16, row.Events);
        WithText(17, row.Links);
        if (SignalConnection.One(add) == 0)
        {
            return false;
        }

        foreach (var (targetTrace, targetSpan) in row.LinkTargets)
        {
            addLink.With(1, trace).With(2, row.SpanId.Signed).With(3, targetTrace.ToBytes()).With(4, targetSpan.Signed).Run();
        }

        return true;
    }

    private void WithText(int parameter, string? text) => _ = text is null ? add.WithNull(parameter) : add.With(parameter, text);
}
