using System.Net;
using System.Net.Sockets;
using Contracts;
using FlowPlatform.Stores;
using Payments;
using Services.Tests.Process;

namespace Services.Tests.Payments;

public sealed class ChargingTests : IAsyncLifetime
{
    private const string Id = "536365";
    private static readonly DateTimeOffset Noon = new(2010, 12, 1, 12, 0, 0, TimeSpan.Zero);
    private Outside? outside;

    private Outside Outside => outside!;

    public async ValueTask InitializeAsync() => outside = await Outside.StartAsync();

    public async ValueTask DisposeAsync() => await Outside.DisposeAsync();

    [Fact]
    public async Task A_reservation_is_charged_once_under_the_commands_id()
    {
        await using var payments = await OpenAsync();
        var charge = await ReserveAsync(payments);
        (await payments.HandleAsync(charge)).ShouldBeTrue();
        (await payments.HandleAsync(charge)).ShouldBeTrue();
        var charged = (await payments.TakeEmittedAsync()).ShouldHaveSingleItem();
        charged.Read<PaymentCharged>().ShouldBe(new PaymentCharged(Id, 18.695m, $"charge-{charge.Id.ToString()[..8]}"));
        charged.Event.Time.ShouldBe(Noon.AddSeconds(30));
        Outside.Calls.ShouldBe(1);
        Outside.Net(Id).ShouldBe(18.695m);
    }

    [Fact]
    public async Task The_gateway_is_not_asked_about_an_order_that_was_cancelled_first()
    {
        await using var payments = await OpenAsync();
        var charge = await ReserveAsync(payments);
        await payments.DeliverAsync(new OrderCancelled(Id), Noon);
        (await payments.HandleAsync(charge)).ShouldBeTrue();
        (await payments.TakeEmittedAsync()).ShouldBeEmpty();
        Outside.Calls.ShouldBe(0);
        (await StatusAsync(payments)).ShouldBe("Skipped");
    }

    [Fact]
    public async Task Nor_about_one_whose_cancellation_came_before_the_reservation()
    {
        await using var payments = await OpenAsync();
        await payments.DeliverAsync(new OrderCancelled(Id), Noon);
        await payments.DeliverAsync(new StockReserved(Id, null, "EIRE", 18.695m, 6, []), Noon);
        (await payments.TakeCommandsAsync()).ShouldBeEmpty();
        (await StatusAsync(payments)).ShouldBe("Skipped");
    }

    [Theory]
    [InlineData(5, 60 + 30)]
    [InlineData(600, 600 + 60)]
    public async Task A_refund_is_a_minute_after_both_charge_and_cancellation(int cancelledAfter, int refundedAfter)
    {
        // The second time it is a store that lost everything, to which things arrive the other way round: the gateway must recognise both its charge and its refund.
        foreach (var cancelsFirst in new[] { true, false })
        {
            await using var payments = await OpenAsync();
            var charge = await ReserveAsync(payments);
            Outside.Script("charge", Id, Answer.BookAndBreak);
            (await payments.HandleAsync(charge)).ShouldBeFalse();
            var cancel = new OrderCancelled(Id);
            if (cancelsFirst)
            {
                await payments.DeliverAsync(cancel, Noon.AddSeconds(cancelledAfter));
                (await payments.HandleAsync(charge)).ShouldBeTrue();
            }
            else
            {
                (await payments.HandleAsync(charge)).ShouldBeTrue();
                await payments.DeliverAsync(cancel, Noon.AddSeconds(cancelledAfter));
            }

            Outside.Script("refund", Id, Answer.Busy, Answer.Break, Answer.BookAndBreak);
            await UntilHandledAsync(payments, (await payments.TakeCommandsAsync()).ShouldHaveSingleItem());
            var refunded = (await payments.TakeEmittedAsync()).Single(record => record.Is<PaymentRefunded>());
            refunded.Event.Time.ShouldBe(Noon.AddSeconds(refundedAfter));
            Outside.Net(Id).ShouldBe(0m);
        }
    }

    [Fact]
    public async Task A_declined_card_is_final()
    {
        await using var payments = await OpenAsync();
        Outside.Script("charge", Id, Answer.Decline);
        (await payments.HandleAsync(await ReserveAsync(payments))).ShouldBeTrue();
        var declined = (await payments.TakeEmittedAsync()).ShouldHaveSingleItem().Read<PaymentDeclined>();
        declined.ShouldBe(new PaymentDeclined(Id, 18.695m, "insufficient funds"));
        await payments.DeliverAsync(new OrderCancelled(Id), Noon);
        (await payments.TakeCommandsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_gateway_that_refuses_too_often_loses_the_order()
    {
        await using var payments = await OpenAsync();
        Outside.Script("charge", Id, Enumerable.Repeat(Answer.Busy, Patience.ShopRefusals + 1));
        (await UntilHandledAsync(payments, await ReserveAsync(payments))).ShouldBe(Patience.ShopRefusals + 1);
        (await payments.TakeEmittedAsync()).ShouldHaveSingleItem().Read<PaymentDeclined>().Reason.ShouldBe("The card gateway was unavailable.");
        Outside.Net(Id).ShouldBe(0m);
    }

    [Fact]
    public async Task But_never_while_a_broken_call_may_have_taken_the_money()
    {
        await using var payments = await OpenAsync();
        Outside.Script("charge", Id, [Answer.Busy, Answer.BookAndBreak, .. Enumerable.Repeat(Answer.Busy, 30)]);
        (await UntilHandledAsync(payments, await ReserveAsync(payments))).ShouldBe(33);
        (await payments.TakeEmittedAsync()).ShouldHaveSingleItem().Event.Type.ShouldBe("payments.charged.v1");
        Outside.Net(Id).ShouldBe(18.695m);
    }

    [Fact]
    public async Task A_call_that_a_crash_cut_off_counts_as_one_that_may_have_taken_the_money()
    {
        await using var payments = await OpenAsync();
        var charge = await ReserveAsync(payments);

        // All that the crashed process left is the call that it had opened.
        await new ChargeCalls(payments.Store).BeginAsync(Id, TestContext.Current.CancellationToken);
        await payments.DeliverAsync(new OrderCancelled(Id), Noon);
        (await payments.HandleAsync(charge)).ShouldBeTrue();
        await UntilHandledAsync(payments, (await payments.TakeCommandsAsync()).ShouldHaveSingleItem());
        (await payments.TakeEmittedAsync()).Select(record => record.Event.Type).ShouldBe(["payments.charged.v1", "payments.refunded.v1"], ignoreOrder: true);
        Outside.Net(Id).ShouldBe(0m);
    }

    [Fact]
    public async Task In_a_dataset_every_order_is_paid_in_the_end()
    {
        await using var payments = await OpenAsync("dataset");
        Outside.Script("charge", Id, Enumerable.Repeat(Answer.Busy, 40));
        (await UntilHandledAsync(payments, await ReserveAsync(payments))).ShouldBe(41);
        (await payments.TakeEmittedAsync()).ShouldHaveSingleItem().Event.Type.ShouldBe("payments.charged.v1");
    }

    [Fact]
    public async Task An_unreachable_gateway_is_tried_without_limit_and_a_cancellation_then_skips_the_charge()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        closed.Stop();
        await using var payments = await SteppedFlow.StartAsync(PaymentsApp.Build, options => options.Settings["services:simulator:http:0"] = $"http://127.0.0.1:{port}");
        var charge = await ReserveAsync(payments);
        for (var attempt = 1; attempt <= 30; attempt++)
        {
            (await payments.HandleAsync(charge, attempt)).ShouldBeFalse();
        }

        (await StatusAsync(payments)).ShouldBe("Pending");
        await payments.DeliverAsync(new OrderCancelled(Id), Noon);
        (await payments.HandleAsync(charge)).ShouldBeTrue();
        (await StatusAsync(payments)).ShouldBe("Skipped");
    }

    [Fact]
    public async Task The_value_of_returned_goods_goes_back_once()
    {
        await using var payments = await OpenAsync();
        var goods = new GoodsReturned("C536379", null, "EIRE", [new OrderLine("22423", 3, 1.5m), new OrderLine("D", 1, 27.5m)]);
        await payments.DeliverAsync(goods, Noon);
        await payments.DeliverAsync(goods, Noon);
        Outside.Script("refund", "C536379", Answer.BookAndBreak, Answer.Busy);
        await UntilHandledAsync(payments, (await payments.TakeCommandsAsync()).ShouldHaveSingleItem());
        var refunded = (await payments.TakeEmittedAsync()).ShouldHaveSingleItem();
        refunded.Read<ReturnRefunded>().Amount.ShouldBe(32m);
        refunded.Event.Time.ShouldBe(Noon.AddMinutes(1));
        Outside.Net("C536379").ShouldBe(-32m);
    }

    private Task<SteppedFlow> OpenAsync(string mode = "shop") => SteppedFlow.StartAsync(PaymentsApp.Build, options =>
    {
        options.Settings["services:simulator:http:0"] = Outside.Address;
        options.Settings["FLOW_MODE"] = mode;
    });

    private static async Task<PendingCommand> ReserveAsync(SteppedFlow payments)
    {
        await payments.DeliverAsync(new StockReserved(Id, null, "EIRE", 18.695m, 6, [new("85123A", 6)]), Noon);
        return (await payments.TakeCommandsAsync()).ShouldHaveSingleItem();
    }

    /// <returns>The number of tries.</returns>
    private static async Task<int> UntilHandledAsync(SteppedFlow payments, PendingCommand command)
    {
        for (var attempt = 1; attempt < 100; attempt++)
        {
            if (await payments.HandleAsync(command, attempt))
            {
                return attempt;
            }
        }

        throw new InvalidOperationException($"{command.Name} is not handled after 100 tries.");
    }

    private static async Task<string> StatusAsync(SteppedFlow payments) =>
        (await payments.QueryAsync<string>("SELECT status FROM payment WHERE order_id = @Id", new { Id })).ShouldHaveSingleItem();
}
