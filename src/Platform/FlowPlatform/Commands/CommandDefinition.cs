using System.Diagnostics;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using FlowPlatform.Stores;
using FlowPlatform.Telemetry;
using Microsoft.Extensions.DependencyInjection;

namespace FlowPlatform.Commands;

/// <summary>A command and its handler, for the bus that carries it.</summary>
public abstract class CommandDefinition
{
    private protected CommandDefinition(string name, Type commandType)
    {
        Name = name;
        CommandType = commandType;
    }

    /// <summary>Name of the command, which is its queue.</summary>
    public string Name { get; }

    /// <summary>CLR type of the command.</summary>
    public Type CommandType { get; }

    /// <summary>
    /// Handles one delivery: inbox, call, commit. Safe for concurrent use; repeating is harmless.
    /// </summary>
    /// <param name="services">A scope of the service's container.</param>
    /// <param name="command">As the outbox wrote it.</param>
    /// <param name="attempt">1 for the first try.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="CommandRetryException">Try again later, without limit.</exception>
    public abstract Task HandleAsync(IServiceProvider services, PendingCommand command, int attempt, CancellationToken cancellationToken);
}

internal sealed class CommandDefinition<TCommand, TOutcome, THandler>(string name) : CommandDefinition(name, typeof(TCommand))
    where TCommand : class
    where THandler : CommandHandler<TCommand, TOutcome>
{
    public override async Task HandleAsync(IServiceProvider services, PendingCommand command, int attempt, CancellationToken cancellationToken)
    {
        using var span = CommandTrace.StartProcessing(
            command, services.GetService<ICommandBus>()?.MessagingSystem ?? "flow", services.GetRequiredService<FlowDefinition>().Service, attempt);
        try
        {
            await HandleOnceAsync(services, command, attempt, span, cancellationToken);
        }
        catch (Exception failed)
        {
            FlowTracing.Fail(span, failed);
            throw;
        }
    }

    private async Task HandleOnceAsync(IServiceProvider services, PendingCommand command, int attempt, Activity? span, CancellationToken cancellationToken)
    {
        var store = services.GetRequiredService<IServiceStore>();
        try
        {
            if (await store.IsHandledAsync(command.Id, cancellationToken))
            {
                return;
            }

            var handler = services.GetRequiredService<THandler>();
            var body = (TCommand)FlowJson.Deserialize(command.Body.Span, typeof(TCommand));
            var outcome = await handler.CallAsync(body, new CommandContext(command.Id, command.Time, attempt), cancellationToken);
            await CommitAsync(store, handler, span is null ? command : command with { TraceParent = span.Id, TraceState = span.TraceStateString }, body, outcome, cancellationToken);
        }
        catch (StoreBusyException busy)
        {
            throw new CommandRetryException($"Command '{Name}' can't be handled now. {busy.Message}", busy);
        }
    }

    private async Task CommitAsync(IServiceStore store, THandler handler, PendingCommand command, TCommand body, TOutcome outcome, CancellationToken cancellationToken) =>
        await store.WriteAsync(
            async transaction =>
            {
                if (await store.TryMarkHandledAsync(transaction, command.Id, Name))
                {
                    var cause = new Cause(Name, command.Id.ToString(), command.Time)
                    {
                        CausationId = command.CausationId,
                        CorrelationId = command.CorrelationId,
                        TraceParent = command.TraceParent,
                        TraceState = command.TraceState,
                    };
                    await handler.ApplyAsync(body, outcome, new CommandTransaction(transaction, cause));
                }

                return true;
            },
            cancellationToken);
}
