using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests;

public sealed class ConfirmWindowTests
{
    [Fact]
    public void A_call_completes_with_its_last_confirmation_whatever_the_order()
    {
        var window = new ConfirmWindow(10, 1000);
        var (one, two) = (new PendingAppend(2), new PendingAppend(2));
        Add(window, one, 1, 2);
        Add(window, two, 5, 9);
        Confirm(window, 9, 2);
        (one.Task.IsCompleted, two.Task.IsCompleted).ShouldBe((false, false));
        Confirm(window, 5);
        (one.Task.IsCompleted, two.Task.IsCompleted).ShouldBe((false, true));
        Confirm(window, 1);
        one.Task.IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public void Ids_that_are_not_in_flight_change_nothing()
    {
        var window = new ConfirmWindow(10, 1000);
        var append = new PendingAppend(2);
        Add(window, append, 5, 9);
        Confirm(window, 1, 6, 7, 10, 5, 5, ulong.MaxValue);
        append.Task.IsCompleted.ShouldBeFalse();
        Confirm(window, 9);
        append.Task.IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public void Room_is_bounded_by_number_and_bytes_and_comes_back_with_the_oldest()
    {
        var window = new ConfirmWindow(3, 100);
        var append = new PendingAppend(10);
        Add(window, append, 1, 2, 3);
        var room = window.RoomFor(1, 1, 4);
        room.ShouldNotBeNull();
        Confirm(window, 2);
        room.IsCompleted.ShouldBeTrue("it is asked again");
        window.RoomFor(1, 1, 4).ShouldNotBeNull("the oldest is still there");
        Confirm(window, 1);
        window.RoomFor(1, 1, 4).ShouldBeNull();
        window.RoomFor(1, 91, 4).ShouldNotBeNull("10 of 100 bytes are in use");
        window.RoomFor(1, 90, 4).ShouldBeNull();
        Confirm(window, 3);
        window.RoomFor(1, 5_000, 4).ShouldBeNull("alone, a large one must go");
    }

    [Fact]
    public void A_lower_id_waits_until_nothing_is_in_flight()
    {
        var window = new ConfirmWindow(10, 1000);
        Add(window, new PendingAppend(2), 7, 8);
        window.RoomFor(1, 1, 8).ShouldNotBeNull();
        Confirm(window, 7);
        window.RoomFor(1, 1, 7).ShouldNotBeNull();
        Confirm(window, 8);
        window.RoomFor(1, 1, 7).ShouldBeNull();
    }

    [Fact]
    public async Task A_fault_fails_everything_in_flight_and_later()
    {
        var window = new ConfirmWindow(2, 1000);
        var append = new PendingAppend(2);
        Add(window, append, 1, 2);
        var room = window.RoomFor(1, 1, 3);
        var fault = new InvalidOperationException("gone");
        window.Fail(fault);
        window.Fail(new InvalidOperationException("second"));
        (await Should.ThrowAsync<InvalidOperationException>(() => append.Task)).ShouldBeSameAs(fault);
        room!.IsCompleted.ShouldBeTrue();
        Should.Throw<InvalidOperationException>(() => { _ = window.RoomFor(1, 1, 3); }).ShouldBeSameAs(fault);
        Should.Throw<InvalidOperationException>(() => Add(window, append, 3)).ShouldBeSameAs(fault);
    }

    [Fact]
    public void The_ring_goes_round()
    {
        var window = new ConfirmWindow(7, 1_000);
        for (var id = 1ul; id < 1_000; id += 3)
        {
            var append = new PendingAppend(3);
            window.RoomFor(3, 30, id).ShouldBeNull();
            Add(window, append, id, id + 1, id + 2);
            Confirm(window, id + 2, id, id + 1);
            append.Task.IsCompletedSuccessfully.ShouldBeTrue();
        }
    }

    private static void Add(ConfirmWindow window, PendingAppend append, params ulong[] ids)
    {
        foreach (var id in ids)
        {
            window.Add(id, 10, append);
        }
    }

    private static void Confirm(ConfirmWindow window, params ulong[] ids)
    {
        var bytes = new StreamProtocol.Bytes();
        foreach (var id in ids)
        {
            bytes.U64((long)id);
        }

        window.Confirm(new PublishingIds(bytes.ToArray()));
    }
}
