using System.Diagnostics;
using FlowPlatform.Stores;

namespace FlowPlatform.Telemetry;

/// <summary>Spans of commands: one for sending, below the decision, and one for each attempt to handle it, below that.</summary>
internal static class CommandTrace
{
    /// <summary>Sends, with a span for each command whose decision was sampled; it goes out with the context of that span.</summary>
    public static async Task SendAsync(IReadOnlyList<PendingCommand> commands, string system, Func<IReadOnlyList<PendingCommand>, Task> send)
    {
        var spans = FlowTracing.Source.HasListeners() ? Start(ref commands, system) : null;
        try
        {
            await send(commands);
        }
        catch (Exception failed)
        {
            spans?.ForEach(span => FlowTracing.Fail(span, failed));
            throw;
        }
        finally
        {
            spans?.ForEach(FlowTracing.End);
        }
    }

    /// <summary>Starts the span of one attempt and makes it current; null if the sender was not sampled.</summary>
    public static Activity? StartProcessing(PendingCommand command, string system, string service, int attempt)
    {
        if (!FlowTracing.Source.HasListeners() || !FlowTracing.IsSampled(command.TraceParent) || !FlowTracing.TryParse(command.TraceParent, command.TraceState, out var sender))
        {
            return null;
        }

        var span = FlowTracing.Source.StartActivity($"process {command.Name}", ActivityKind.Consumer, sender).Describe(system, "process", command.Name);
        span?.SetTag("messaging.message.id", command.Id.ToString());
        span?.SetTag("messaging.message.conversation_id", command.CorrelationId);
        span?.SetTag("messaging.consumer.group.name", service);
        span?.SetTag("flow.command.attempt", attempt);
        return span;
    }

    private static List<Activity>? Start(ref IReadOnlyList<PendingCommand> commands, string system)
    {
        List<Activity>? spans = null;
        PendingCommand[]? traced = null;
        for (var index = 0; index < commands.Count; index++)
        {
            var command = commands[index];
            if (!FlowTracing.IsSampled(command.TraceParent) || !FlowTracing.TryParse(command.TraceParent, command.TraceState, out var decision)
                || FlowTracing.Start($"send {command.Name}", ActivityKind.Producer, decision).Describe(system, "send", command.Name) is not { } span)
            {
                continue;
            }

            span.SetTag("messaging.message.id", command.Id.ToString());
            span.SetTag("messaging.message.conversation_id", command.CorrelationId);
            (spans ??= []).Add(span);
            traced ??= [.. commands];
            traced[index] = command with { TraceParent = span.Id, TraceState = span.TraceStateString };
        }

        commands = traced ?? commands;
        return spans;
    }
}
