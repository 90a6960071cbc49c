using Contracts;
using FlowPlatform.Events;
using FlowPlatform.Log;
using Services.Tests.Process;
using Shipping;

namespace Services.Tests.Shipping;

public sealed class DispatcherTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2010, 12, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly StockReserved Reserved = new("1", null, "EIRE", 18.695m, 6, [new("85123A", 6)]);
    private static readonly PaymentCharged Charged = new("1", 18.695m, "auth");
    private static readonly OrderCancelRequested Request = new("1");
    private Outside? outside;
    private SteppedFlow? service;

    private Outside Outside => outside!;

    private SteppedFlow Shipping => service!;

    public async ValueTask InitializeAsync()
    {
        outside = await Outside.StartAsync();
        service = await SteppedFlow.StartAsync(ShippingApp.Build, options => options.Settings["services:simulator:http:0"] = outside.Address);
    }

    public async ValueTask DisposeAsync()
    {
        await Shipping.DisposeAsync();
        await Outside.DisposeAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_reserved_and_charged_ships_four_hours_after_the_later_of_the_two(bool reservedFirst)
    {
        await (reservedFirst ? Shipping.DeliverAsync(Reserved, Noon) : Shipping.DeliverAsync(Charged, Noon.AddSeconds(30)));
        (await Shipping.TakeCommandsAsync()).ShouldBeEmpty();
        await (reservedFirst ? Shipping.DeliverAsync(Charged, Noon.AddSeconds(30)) : Shipping.DeliverAsync(Reserved, Noon));
        var booking = (await Shipping.TakeCommandsAsync()).ShouldHaveSingleItem();
        booking.Id.ShouldBe(DeterministicId.Create("shipping", "shipping.book-courier", "1", 0), "the courier is asked for the same booking, whichever came last");
        Outside.Script("courier", "1", Answer.Busy, Answer.Break, Answer.BookAndBreak);
        for (var attempt = 1; attempt <= 3; attempt++)
        {
            (await Shipping.HandleAsync(booking, attempt)).ShouldBeFalse();
        }

        (await Shipping.HandleAsync(booking, 4)).ShouldBeTrue();
        var shipped = (await Shipping.TakeEmittedAsync()).ShouldHaveSingleItem();
        shipped.Event.Time.ShouldBe(Noon.AddSeconds(30).AddHours(4));
        shipped.Read<OrderShipped>().ShouldBe(new OrderShipped("1", 18.695m, 6, $"track-{booking.Id.ToString()[..8]}"));
        Outside.Book.ShouldHaveSingleItem().ShouldBe(new Booking("courier", "1", 6, Approved: true));
    }

    [Fact]
    public async Task A_cancelled_order_never_ships_and_is_cancelled_once()
    {
        await Shipping.DeliverAsync(Request, Noon);
        await Shipping.DeliverAsync(Reserved, Noon);
        await Shipping.DeliverAsync(Charged, Noon);
        await Shipping.DeliverAsync(Request, Noon.AddHours(1));
        (await Shipping.TakeCommandsAsync()).ShouldBeEmpty();
        var events = await Shipping.TakeEmittedAsync();
        events.Count.ShouldBe(2);
        events.Single(record => record.Event.Type == "shipments.cancelled.v1").Event.Time.ShouldBe(Noon);
        Reason(events).ShouldBe("already cancelled");
    }

    [Fact]
    public async Task A_request_during_the_booking_and_one_after_it_are_refused()
    {
        await Shipping.DeliverAsync(Reserved, Noon);
        await Shipping.DeliverAsync(Charged, Noon);
        await Shipping.DeliverAsync(Request, Noon);
        Reason(await Shipping.TakeEmittedAsync()).ShouldBe("already shipping");
        (await Shipping.HandleAsync((await Shipping.TakeCommandsAsync()).ShouldHaveSingleItem())).ShouldBeTrue();
        await Shipping.DeliverAsync(Request, Noon);
        Reason(await Shipping.TakeEmittedAsync()).ShouldBe("already shipped");
    }

    [Fact]
    public async Task A_request_for_an_order_that_has_ended_is_refused_with_how_it_ended()
    {
        await Shipping.DeliverAsync(new OrderRejected("1", ["85123A"]), Noon);
        await Shipping.DeliverAsync(Request, Noon);
        Reason(await Shipping.TakeEmittedAsync()).ShouldBe("rejected");
        await Shipping.DeliverAsync(new PaymentDeclined("2", 1m, "no"), Noon);
        await Shipping.DeliverAsync(Reserved with { OrderId = "2" }, Noon);
        await Shipping.DeliverAsync(new OrderCancelRequested("2"), Noon);
        Reason(await Shipping.TakeEmittedAsync()).ShouldBe("declined");
    }

    private static string Reason(IReadOnlyList<LogRecord> events) =>
        events.Single(record => record.Is<CancelRefused>()).Read<CancelRefused>().Reason;
}
