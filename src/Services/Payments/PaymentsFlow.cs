using Contracts;
using FlowPlatform.Hosting;

namespace Payments;

/// <summary>What flows through Payments, and what it answers.</summary>
internal static class PaymentsFlow
{
    /// <summary>The gateway answers in ms; what takes longer is broken, and the next try has the same key.</summary>
    private static readonly TimeSpan GatewayTimeout = TimeSpan.FromSeconds(10);

    public static FlowBuilder AddPayments(this FlowBuilder flow)
    {
        flow.Services.AddSingleton(Patience.From(flow.Configuration));
        flow.Services.AddScoped<ChargeCalls>();
        flow.Services.AddHttpClient<CardGateway>(http =>
        {
            http.BaseAddress = new Uri("http://simulator");
            http.Timeout = GatewayTimeout;
        });
        return flow
            .Publishes<PaymentsEvent>("payments")
            .Reactor<Cashier>("inventory", "shipments", "orders")
            .Command<ChargeCard, ChargeOutcome, ChargeCardHandler>()
            .Command<RefundCard, string, RefundCardHandler>()
            .Command<RefundReturn, string, RefundReturnHandler>();
    }

    public static void MapPayments(this IEndpointRouteBuilder app)
    {
        app.MapPaymentStatus();
        app.MapLedgerAdjustments();
        app.MapLedger();
    }
}
