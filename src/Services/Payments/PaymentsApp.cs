using Contracts;
using FlowPlatform.Hosting;

namespace Payments;

/// <summary>The service. Moves money: charges cards, refunds, and keeps the ledger.</summary>
internal static class PaymentsApp
{
    /// <summary>The gateway answers in ms; what takes longer is broken, and the next try has the same key.</summary>
    private static readonly TimeSpan GatewayTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Builds it on the store, log and command bus that <paramref name="infrastructure"/> chooses.</summary>
    public static WebApplication Build(string[] args, Action<FlowBuilder> infrastructure)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        builder.AddFlow("payments", flow =>
        {
            infrastructure(flow);
            Declare(flow);
        });

        var app = builder.Build();
        app.MapDefaultEndpoints();
        app.MapPaymentStatus();
        app.MapLedgerAdjustments();
        app.MapLedger();
        return app;
    }

    /// <summary>Declares its flow.</summary>
    public static void Declare(FlowBuilder flow)
    {
        flow.Services.AddSingleton(Patience.From(flow.Configuration));
        flow.Services.AddScoped<ChargeCalls>();
        flow.Services.AddHttpClient<CardGateway>(http =>
        {
            http.BaseAddress = new Uri("http://simulator");
            http.Timeout = GatewayTimeout;
        });
        flow
            .Publishes<PaymentsEvent>("payments")
            .Reactor<Cashier>("inventory", "shipments", "orders")
            .Command<ChargeCard, ChargeOutcome, ChargeCardHandler>()
            .Command<RefundCard, string, RefundCardHandler>()
            .Command<RefundReturn, string, RefundReturnHandler>();
    }
}
