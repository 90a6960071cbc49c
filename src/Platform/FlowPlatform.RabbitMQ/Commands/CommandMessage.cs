using System.Text;
using System.Text.Json;
using FlowPlatform.Stores;
using MassTransit;

namespace FlowPlatform.RabbitMQ.Commands;

/// <summary>A command on its queue. One type for all commands, named by a URN of its own, so that no exchange per type is needed and renaming the class breaks nothing that waits.</summary>
[MessageUrn("flow:command", false)]
internal sealed record CommandMessage(
    Guid Id, string Name, JsonElement Body, DateTimeOffset Time, string CausationId, string? CorrelationId, string? TraceParent, string? TraceState = null)
{
    /// <summary>Header that counts the tries made before the command went back to the end of its queue.</summary>
    public const string AttemptsHeader = "flow-attempts";

    public static CommandMessage Of(PendingCommand command) => new(
        command.Id, command.Name, JsonSerializer.Deserialize<JsonElement>(command.Body.Span), command.Time, command.CausationId, command.CorrelationId, command.TraceParent,
        command.TraceState);

    public PendingCommand ToCommand() => new(Id, Name, Encoding.UTF8.GetBytes(Body.GetRawText()), Time, CausationId, CorrelationId, TraceParent, TraceState);
}
