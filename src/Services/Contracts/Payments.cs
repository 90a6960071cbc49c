using FlowPlatform.Events;

namespace Contracts;

/// <summary>Stream <c>payments</c>, published by Payments: what happens to money.</summary>
public abstract record PaymentsEvent;

/// <summary>The customer's card was charged for an order.</summary>
[Event("payments.charged.v1", Key = nameof(OrderId))]
public sealed record PaymentCharged(string OrderId, decimal Amount, string Authorization) : PaymentsEvent;

/// <summary>The card was not charged, for good: the order ends here.</summary>
[Event("payments.declined.v1", Key = nameof(OrderId))]
public sealed record PaymentDeclined(string OrderId, decimal Amount, string Reason) : PaymentsEvent;

/// <summary>The charge of an order that was cancelled went back.</summary>
[Event("payments.refunded.v1", Key = nameof(OrderId))]
public sealed record PaymentRefunded(string OrderId, decimal Amount, string Authorization) : PaymentsEvent;

/// <summary>The value of returned goods went back.</summary>
[Event("payments.return-refunded.v1", Key = nameof(ReturnId))]
public sealed record ReturnRefunded(string ReturnId, decimal Amount, string Authorization) : PaymentsEvent;

/// <summary>A correction of the ledger that belongs to no order, such as bad debt; the amount is signed, and the description free text.</summary>
[Event("payments.adjusted.v1", Key = nameof(AdjustmentId))]
public sealed record LedgerAdjusted(string AdjustmentId, decimal Amount, [PersonalData] string Description) : PaymentsEvent;
