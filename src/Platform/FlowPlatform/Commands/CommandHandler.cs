using System.Data.Common;
using FlowPlatform.Events;
using FlowPlatform.Stores;

namespace FlowPlatform.Commands;

/// <summary>
/// Does a command once, in three steps (rule M1): has the inbox got it? then call outside, with no transaction open; then commit inbox row, state and events together.
/// A crash between the second and the third step repeats the second: <see cref="CommandContext.CommandId"/> is the idempotency key for what it calls.
/// Commands come in any order. Instances are created per command.
/// </summary>
/// <typeparam name="TCommand">The command; carries <see cref="CommandAttribute"/>.</typeparam>
/// <typeparam name="TOutcome">What the outside said.</typeparam>
public abstract class CommandHandler<TCommand, TOutcome>
    where TCommand : class
{
    /// <summary>
    /// Calls outside. Throw <see cref="CommandRetryException"/> for what passes by itself: it is retried with back-off without limit, <see cref="CommandContext.Attempt"/> counting;
    /// return an outcome that says so to give up. Any other exception is a bug: retried a few times, then the command goes to the error queue.
    /// </summary>
    public abstract Task<TOutcome> CallAsync(TCommand command, CommandContext context, CancellationToken cancellationToken);

    /// <summary>Commits what came of it. Emit events through <see cref="CommandTransaction.Emit"/>.</summary>
    public abstract ValueTask ApplyAsync(TCommand command, TOutcome outcome, CommandTransaction transaction);
}

/// <summary>A command as it arrived.</summary>
/// <param name="CommandId">Its id: the idempotency key for what it calls outside.</param>
/// <param name="Time">Event time of its cause, UTC.</param>
/// <param name="Attempt">1 for the first try.</param>
public sealed record CommandContext(Guid CommandId, DateTimeOffset Time, int Attempt);

/// <summary>The transaction that ends a command.</summary>
public sealed class CommandTransaction : IStoreScope
{
    private readonly StoreTransaction transaction;

    internal CommandTransaction(StoreTransaction transaction, Cause cause)
    {
        this.transaction = transaction;
        Cause = cause;
    }

    /// <inheritdoc />
    public DbConnection Connection => transaction.Connection;

    /// <summary>The command as a cause.</summary>
    public Cause Cause { get; }

    /// <summary>Emits an event because of the command, with a deterministic id (rule P7).</summary>
    /// <param name="event">The event.</param>
    /// <param name="after">How long the business took in event time (rule T3); default: no time.</param>
    public void Emit(object @event, TimeSpan after = default) => transaction.Emit(@event, Cause.Time + after, Cause);

    /// <summary>Sends a further command because of this one, with a deterministic id.</summary>
    /// <param name="command">The command; its type carries <see cref="CommandAttribute"/>.</param>
    /// <param name="key">What the id is made of where any of several events may be the last that the command waited for; default: the cause. See <see cref="StoreTransaction.Send"/>.</param>
    public void Send(object command, string? key = null) => transaction.Send(command, Cause, key);
}

/// <summary>The outside can't do it now, but will: the command is retried with back-off, without limit.</summary>
public sealed class CommandRetryException : FlowException
{
    /// <summary>Creates it.</summary>
    public CommandRetryException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
