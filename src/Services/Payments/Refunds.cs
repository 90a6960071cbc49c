using Contracts;
using FlowPlatform.Commands;
using FlowPlatform.Events;
using FlowPlatform.Storage;

namespace Payments;

/// <summary>Send the charge of a cancelled order back.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Amount">What was charged.</param>
/// <param name="Since">Event time from which it is owed.</param>
[Command("payments.refund-card")]
internal sealed record RefundCard(string OrderId, decimal Amount, DateTimeOffset Since)
{
    /// <summary>Money is owed once the order is both charged and cancelled, whichever was seen last (rule T3).</summary>
    public static RefundCard For(string orderId, decimal amount, DateTimeOffset? chargedAt, DateTimeOffset cancelledAt) =>
        new(orderId, amount, chargedAt > cancelledAt ? chargedAt.Value : cancelledAt);
}

/// <summary>Send the value of returned goods back.</summary>
[Command("payments.refund-return")]
internal sealed record RefundReturn(string ReturnId, decimal Amount);

internal sealed class RefundCardHandler(CardGateway gateway) : CommandHandler<RefundCard, string>
{
    public override Task<string> CallAsync(RefundCard command, CommandContext context, CancellationToken cancellationToken) =>
        Refunding.RefundAsync(gateway, context.CommandId, command.OrderId, command.Amount, cancellationToken);

    public override async ValueTask ApplyAsync(RefundCard command, string outcome, CommandTransaction transaction)
    {
        await transaction.ExecuteAsync("UPDATE payment SET status = 'Refunded' WHERE order_id = @OrderId", new { command.OrderId });
        transaction.Emit(new PaymentRefunded(command.OrderId, command.Amount, outcome), command.Since + Refunding.Takes - transaction.Cause.Time);
    }
}

internal sealed class RefundReturnHandler(CardGateway gateway) : CommandHandler<RefundReturn, string>
{
    public override Task<string> CallAsync(RefundReturn command, CommandContext context, CancellationToken cancellationToken) =>
        Refunding.RefundAsync(gateway, context.CommandId, command.ReturnId, command.Amount, cancellationToken);

    public override async ValueTask ApplyAsync(RefundReturn command, string outcome, CommandTransaction transaction)
    {
        await transaction.ExecuteAsync("UPDATE return_refund SET done = 1 WHERE return_id = @ReturnId", new { command.ReturnId });
        transaction.Emit(new ReturnRefunded(command.ReturnId, command.Amount, outcome), Refunding.Takes);
    }
}

/// <summary>What both refunds have in common: money that is owed is never declined, so every fault is retried.</summary>
internal static class Refunding
{
    /// <summary>What it takes in event time.</summary>
    public static readonly TimeSpan Takes = TimeSpan.FromMinutes(1);

    /// <returns>The gateway's authorization.</returns>
    public static async Task<string> RefundAsync(CardGateway gateway, Guid key, string reference, decimal amount, CancellationToken cancellationToken) =>
        await gateway.RefundAsync(key, reference, amount, cancellationToken) switch
        {
            GatewayReply.Answered { Answer: { Approved: true, Authorization: { } authorization } } => authorization,
            GatewayReply.Answered { Answer.Reason: var reason } => throw new GatewayProtocolException($"The card gateway declined the refund of '{reference}': {reason}"),
            GatewayReply.NotDone { Why: var why } => throw new CommandRetryException($"'{reference}' was not refunded: {why}."),
            GatewayReply.Unknown { Why: var why } => throw new CommandRetryException($"Whether '{reference}' was refunded is unknown: {why}."),
            var other => throw new InvalidOperationException($"{other.GetType().Name} is no reply."),
        };
}
