using Contracts;
using FlowPlatform.Commands;
using FlowPlatform.Events;
using FlowPlatform.Storage;

namespace Payments;

/// <summary>Charge the customer's card for an order.</summary>
[Command("payments.charge-card")]
internal sealed record ChargeCard(string OrderId, decimal Amount);

/// <summary>What came of it: an authorization, or why not, or neither where nothing was done.</summary>
internal sealed record ChargeOutcome(string? Authorization, string? Declined)
{
    public static readonly ChargeOutcome Skipped = new(null, null);

    public static readonly ChargeOutcome GivenUp = new(null, "The card gateway was unavailable.");
}

internal sealed class ChargeCardHandler(CardGateway gateway, ChargeCalls calls, Patience patience) : CommandHandler<ChargeCard, ChargeOutcome>
{
    /// <summary>What it takes in event time.</summary>
    private static readonly TimeSpan Takes = TimeSpan.FromSeconds(30);

    public override async Task<ChargeOutcome> CallAsync(ChargeCard command, CommandContext context, CancellationToken cancellationToken)
    {
        switch (await calls.BeginAsync(command.OrderId, cancellationToken))
        {
            case null:
                throw new CommandRetryException($"The payment of order '{command.OrderId}' isn't known yet: the store is behind its queue.");
            case PaymentStatus.GivenUp:
                return ChargeOutcome.GivenUp;
            case not PaymentStatus.Pending:
                return ChargeOutcome.Skipped;
        }

        switch (await gateway.ChargeAsync(context.CommandId, command.OrderId, command.Amount, cancellationToken))
        {
            case GatewayReply.Answered { Answer: var answer }:
                return new ChargeOutcome(answer.Approved ? answer.Authorization : null, answer.Approved ? null : answer.Reason ?? "The card was declined.");
            case GatewayReply.NotDone notDone:
                return await calls.CloseAsync(command.OrderId, notDone.Refused, patience, cancellationToken)
                    ? ChargeOutcome.GivenUp
                    : throw new CommandRetryException($"Order '{command.OrderId}' was not charged: {notDone.Why}.");
            case GatewayReply.Unknown unknown:
                throw new CommandRetryException($"Whether order '{command.OrderId}' was charged is unknown: {unknown.Why}.");
            case var other:
                throw new InvalidOperationException($"{other.GetType().Name} is no reply.");
        }
    }

    public override async ValueTask ApplyAsync(ChargeCard command, ChargeOutcome outcome, CommandTransaction transaction)
    {
        if (outcome.Authorization is { } authorization)
        {
            await ChargedAsync(command, authorization, transaction);
        }
        else if (outcome.Declined is { } reason)
        {
            await transaction.ExecuteAsync("UPDATE payment SET status = 'Declined' WHERE order_id = @OrderId", new { command.OrderId });
            transaction.Emit(new PaymentDeclined(command.OrderId, command.Amount, reason), Takes);
        }
    }

    private static async Task ChargedAsync(ChargeCard command, string authorization, CommandTransaction transaction)
    {
        var chargedAt = transaction.Cause.Time + Takes;
        var payment = await Payment.FindAsync(transaction, command.OrderId) ?? throw new InvalidOperationException($"The payment of order '{command.OrderId}' is gone.");
        var status = payment.CancelledAt is null ? PaymentStatus.Charged : PaymentStatus.Refunding;
        await transaction.ExecuteAsync(
            "UPDATE payment SET status = @Status, charged_at = @chargedAt WHERE order_id = @OrderId", new { command.OrderId, chargedAt, Status = status.ToString() });
        transaction.Emit(new PaymentCharged(command.OrderId, command.Amount, authorization), Takes);
        if (payment.CancelledAt is { } cancelledAt)
        {
            transaction.Send(RefundCard.For(command.OrderId, command.Amount, chargedAt, cancelledAt), key: command.OrderId);
        }
    }
}
