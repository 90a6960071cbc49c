using FlowPlatform.Events;

namespace FlowPlatform.Tests.Events;

/// <summary>What is declared wrongly is refused by name. The records are generic so that no other test finds them.</summary>
public sealed class UpcasterTests
{
    [Fact]
    public void An_upcaster_leads_to_a_higher_version_of_the_same_event()
    {
        Refused<Backwards<int>>("Backwards`1 (meters.read.v3) can't be upcast to MeterRead (meters.read.v2): that must be a higher version of the same event.");
        Refused<Elsewhere<int>>("Elsewhere`1 (meters.sealed.v1) can't be upcast to MeterRead (meters.read.v2): that must be a higher version of the same event.");
        Refused<Unversioned<int>>("Unversioned`1 (meters) can't be upcast to MeterRead (meters.read.v2): that must be a higher version of the same event.");
    }

    [Fact]
    public void An_upcaster_leads_to_one_version() => Refused<Forked<int>>("Forked`1 implements IUpcast more than once: an event is upcast to one version, the next.");

    [Fact]
    public void An_upcaster_leads_to_an_event() => Refused<Nowhere<int>>("String is no event: it has no [Event(\"…\")] attribute.");

    [Fact]
    public void Versions_are_kept_together() => Refused<Abroad<int>>("Abroad`1 upcasts to GapEvent, which is in another assembly: keep the versions of meters.read.v1 together.");

    [Theory]
    [InlineData("orders.placed.v1", "orders.placed", 1)]
    [InlineData("a.v.v12", "a.v", 12)]
    [InlineData("flow.gap", null, 0)]
    [InlineData("orders.placed.v0", null, 0)]
    [InlineData("orders.placed.v-1", null, 0)]
    [InlineData("orders.placed.v1x", null, 0)]
    [InlineData(".v1", null, 0)]
    [InlineData("orders.placed.v99999999999", null, 0)]
    public void A_name_has_a_stem_and_a_version(string name, string? stem, int version)
    {
        EventName.TryParse(name, out var parsed).ShouldBe(stem is not null);
        (parsed?.Stem, parsed?.Version ?? 0).ShouldBe((stem, version));
    }

    private static void Refused<T>(string why) => Should.Throw<ArgumentException>(() => Upcaster.Of(typeof(T))).Message.ShouldBe(why);

    [Event("meters.read.v2")]
    private sealed record MeterRead(long Count);

    [Event("meters.read.v3")]
    private sealed record Backwards<T>(T Count) : IUpcast<MeterRead>
    {
        public MeterRead Upcast() => new(0);
    }

    [Event("meters.sealed.v1")]
    private sealed record Elsewhere<T>(T Count) : IUpcast<MeterRead>
    {
        public MeterRead Upcast() => new(0);
    }

    [Event("meters")]
    private sealed record Unversioned<T>(T Count) : IUpcast<MeterRead>
    {
        public MeterRead Upcast() => new(0);
    }

    [Event("meters.read.v1")]
    private sealed record Forked<T>(T Count) : IUpcast<MeterRead>, IUpcast<Backwards<T>>
    {
        public MeterRead Upcast() => new(0);

        Backwards<T> IUpcast<Backwards<T>>.Upcast() => new(Count);
    }

    [Event("meters.read.v1")]
    private sealed record Nowhere<T>(T Count) : IUpcast<string>
    {
        public string Upcast() => "";
    }

    [Event("meters.read.v1")]
    private sealed record Abroad<T>(T Count) : IUpcast<FlowPlatform.Consumers.GapEvent>
    {
        public FlowPlatform.Consumers.GapEvent Upcast() => new(0, 0);
    }
}
