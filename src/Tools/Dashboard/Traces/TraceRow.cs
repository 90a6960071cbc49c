using FlowPlatform.Dashboard.Storage;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>A trace as the database has it.</summary>
internal sealed record TraceRow(long Id, byte[] TraceId, long Start, long Finish, string Name, string Service, long HasRoot, long Spans, long Errors, long Replay)
{
    public TraceSummary ToSummary(IReadOnlyList<ServiceShare> services) =>
        new(
            Traces.TraceId.TryRead(TraceId, out var id) ? id : default, Name, Service, HasRoot == 1, UnixNanos.ToTime(Start), UnixNanos.ToDuration(Finish - Start), (int)Spans, (int)Errors, Replay == 1, services);
}
