using FlowPlatform.Events;
using FlowPlatform.Testing.Contracts;

namespace FlowPlatform.Testing.Tests.Contracts;

/// <summary>Every way in which a contract can change: what loses events fails and names the field, what only adds passes.</summary>
public sealed class EventContractTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Theory]
    [InlineData(typeof(Removed), "tickets.sold.v1: field 'price' (decimal, required) is gone, or has another name.")]
    [InlineData(typeof(Renamed), "tickets.sold.v1: field 'seats[].row' (int32, required) is gone, or has another name.")]
    [InlineData(typeof(Retyped), "tickets.sold.v1: field 'seats[].row' was int32 and is string.")]
    [InlineData(typeof(NewlyRequired), "tickets.sold.v1: field 'channel' (string, required) is new and required, but events of before lack it.")]
    [InlineData(typeof(NowRequired), "tickets.sold.v1: field 'buyerName' was optional and is required: events of before may lack it.")]
    [InlineData(typeof(NowOptional), "tickets.sold.v1: field 'price' was required and is optional")]
    [InlineData(typeof(OtherKey), "tickets.sold.v1: the key was 'ticketId' and is 'show'.")]
    [InlineData(typeof(OtherEnum), "tickets.sold.v1: field 'kind' was enum(child|full) and is enum(child|full|senior).")]
    [InlineData(typeof(Unmarked), "tickets.sold.v1: field 'buyerName' was marked [PersonalData] and is not any more.")]
    [InlineData(typeof(OtherName), "tickets.sold.v1 is gone, or has another name.")]
    public void What_loses_events_fails_and_is_named_and_never_kept(Type changed, string fault)
    {
        Guard(typeof(Sold)).Keep();
        var now = Guard(changed);
        Should.Throw<FlowTestException>(now.ThrowIfIncompatible).Message.ShouldContain(fault);
        var before = Kept();
        Should.Throw<FlowTestException>(now.Keep).Message.ShouldContain(fault);
        Kept().ShouldBe(before);
    }

    [Fact]
    public void What_only_adds_is_compatible_and_is_to_be_kept()
    {
        Guard(typeof(Sold)).Keep();
        var grown = Guard(typeof(Grown));
        grown.ThrowIfIncompatible();
        var missing = Should.Throw<FlowTestException>(grown.ThrowIfNotKept).Message;
        missing.ShouldContain("tickets.sold.v1: field 'discount' (object, optional) is new.");
        missing.ShouldContain("tickets.sold.v1: there is no sample. Add ");
        grown.Keep();
        Should.Throw<FlowTestException>(grown.ThrowIfNotKept).Message.ShouldNotContain("discount");
        Should.Throw<FlowTestException>(Guard(typeof(Sold)).ThrowIfIncompatible).Message.ShouldContain("'discount'");
    }

    [Fact]
    public void A_new_type_is_compatible_and_its_sample_is_asked_for_by_file_name()
    {
        Guard(typeof(Sold)).Keep();
        var grown = Guard(typeof(Sold), typeof(OtherName));
        grown.ThrowIfIncompatible();
        Should.Throw<FlowTestException>(grown.ThrowIfNotKept).Message.ShouldContain(Path.Combine("samples", "tickets.returned.v1.json"));
        Should.Throw<FlowTestException>(() => grown.SampleOf("tickets.returned.v1")).Message.ShouldContain(Path.Combine("samples", "tickets.returned.v1.json"));
    }

    [Fact]
    public void What_is_kept_can_be_read_by_people()
    {
        Guard(typeof(Sold)).Keep();
        Kept().ShouldBe(
            """
            {
              "type": "tickets.sold.v1",
              "key": "ticketId",
              "fields": {
                "buyerName": "string, optional, personal",
                "kind": "enum(child|full), required",
                "price": "decimal, required",
                "seats": "array, required",
                "seats[].row": "int32, required",
                "show": "string, required",
                "ticketId": "string, required"
              }
            }

            """);
    }

    [Theory]
    [InlineData("""{"ticketId":"t1","show":"Lear","price":"12.50","kind":"full","seats":[{"row":1}]}""", "lacks buyerName")]
    [InlineData("""{"ticketId":"t1","show":"Lear","price":"12.50","kind":"full","buyerName":"Ann","seats":[]}""", "lacks seats[].row")]
    [InlineData("""{"ticketId":"t1","show":"Lear","price":"12.50","kind":"full","buyerName":"Ann","seats":[{"row":1}],"colour":"red"}""", "has 'colour', which is lost")]
    [InlineData("""{"ticketId":"t1","show":"Lear","price":12.50,"kind":"full","buyerName":"Ann","seats":[{"row":1}]}""", "'price'")]
    [InlineData("""{"ticketId":"t1","show":"Lear","kind":"full","buyerName":"Ann","seats":[{"row":1}]}""", "price")]
    public void A_sample_is_the_event_as_it_is_written(string sample, string fault)
    {
        Sample(sample);
        Should.Throw<FlowTestException>(() => Guard(typeof(Sold)).SampleOf("tickets.sold.v1")).Message.ShouldContain(fault);
    }

    [Fact]
    public void A_whole_sample_is_accepted()
    {
        Sample("""{"ticketId":"t1","show":"Lear","price":"12.50","kind":"full","buyerName":"Ann","seats":[{"row":1},{"row":2}]}""");
        var guard = Guard(typeof(Sold));
        guard.Keep();
        guard.ThrowIfNotKept();
        guard.SampleOf("tickets.sold.v1")["show"]!.GetValue<string>().ShouldBe("Lear");
    }

    [Theory]
    [InlineData(typeof(KeyChanged), "changed.v1", "has the key 't1', and upcast to tickets.changed.v2 it has 'Lear'")]
    [InlineData(typeof(Chancy), "chancy.v1", "upcast to tickets.chancy.v2 differs from time to time")]
    public void An_upcaster_keeps_the_key_and_gives_the_same_every_time(Type type, string name, string fault)
    {
        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(directory.Path, "samples")).FullName, $"tickets.{name}.json"), """{"ticketId":"t1","show":"Lear"}""");
        Should.Throw<FlowTestException>(() => Guard(type).SampleOf($"tickets.{name}")).Message.ShouldContain(fault);
    }

    [Fact]
    public void Two_records_of_one_name_and_shapes_without_an_end_are_refused()
    {
        Should.Throw<FlowTestException>(() => Guard(typeof(Sold), typeof(Removed))).Message.ShouldBe("tickets.sold.v1 is declared by Sold and by Removed.");
        Should.Throw<FlowTestException>(() => EventContract.Of(typeof(Endless))).Message.ShouldContain("contains itself");
    }

    [Fact]
    public void What_sounds_like_a_person_is_to_be_marked_and_is_no_key()
    {
        Should.Throw<FlowTestException>(() => PersonalFields.ThrowIfUnmarked([typeof(Unmarked)])).Message.ShouldStartWith("Unmarked.buyerName sounds like personal data ('buyer')");
        Should.Throw<FlowTestException>(() => PersonalFields.ThrowIfUnmarked([typeof(Letter)])).Message.ShouldContain("Letter.to.streetAddress sounds like personal data");
        Should.Throw<FlowTestException>(() => PersonalFields.ThrowIfUnmarked([typeof(Letter)])).Message.ShouldContain("Letter.note may be free text ('note')");
        Should.Throw<FlowTestException>(() => PersonalFields.ThrowIfUnmarked([typeof(KeyedByPerson)])).Message.ShouldContain("KeyedByPerson has personal data for its key");
        Should.Throw<FlowTestException>(() => PersonalFields.ThrowIfUnmarked([typeof(Sold)], "Sold.show")).Message.ShouldContain("'Sold.show' is called harmless");
        PersonalFields.ThrowIfUnmarked([typeof(Sold), typeof(Letter)], "Letter.to.streetAddress", "Letter.note");
        PersonalFields.MarkedIn(typeof(Sold)).ShouldBe(["buyerName"]);
    }

    private EventContracts Guard(params Type[] types) => new(types, directory.Path);

    private string Kept() => File.ReadAllText(Path.Combine(directory.Path, "schemas", "tickets.sold.v1.json"));

    private void Sample(string json) => File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(directory.Path, "samples")).FullName, "tickets.sold.v1.json"), json);

    internal enum Kind
    {
        Full,
        Child,
    }

    internal enum WiderKind
    {
        Full,
        Child,
        Senior,
    }

    internal sealed record Seat(int Row);

    internal sealed record RenamedSeat(int Line);

    internal sealed record RetypedSeat(string Row);

    internal sealed record Discount(decimal Percent, string Reason);

    [Event("tickets.sold.v1", Key = nameof(TicketId))]
    internal sealed record Sold(string TicketId, string Show, decimal Price, Kind Kind, [PersonalData] string? BuyerName, IReadOnlyList<Seat> Seats)
    {
        [System.Text.Json.Serialization.JsonIgnore]
        public int Count => Seats.Count;
    }

    [Event("tickets.sold.v1", Key = nameof(TicketId))]
    internal sealed record Removed(string TicketId, string Show, Kind Kind, [PersonalData] string? BuyerName, IReadOnlyList<Seat> Seats);

    [Event("tickets.sold.v1", Key = nameof(TicketId))]
    internal sealed record Renamed(string TicketId, string Show, decimal Price, Kind Kind, [PersonalData] string? BuyerName, IReadOnlyList<RenamedSeat> Seats);

    [Event("tickets.sold.v1", Key = nameof(TicketId))]
    internal sealed record Retyped(string TicketId, string Show, decimal Price, Kind Kind, [PersonalData] string? BuyerName, IReadOnlyList<RetypedSeat> Seats);

    [Event("tickets.sold.v1", Key = nameof(TicketId))]
    internal sealed record NewlyRequired(string TicketId, string Show, decimal Price, Kind Kind, [PersonalData] string? BuyerName, IReadOnlyList<Seat> Seats, string Channel);

    [Event("tickets.sold.v1", Key = nameof(TicketId))]
    internal sealed record NowRequired(string TicketId, string Show, decimal Price, Kind Kind, [PersonalData] string BuyerName, IReadOnlyList<Seat> Seats);

    [Event("tickets.sold.v1", Key = nameof(TicketId))]
    internal sealed record NowOptional(string TicketId, string Show, decimal? Price, Kind Kind, [PersonalData] string? BuyerName, IReadOnlyList<Seat> Seats);

    [Event("tickets.sold.v1", Key = nameof(Show))]
    internal sealed record OtherKey(string TicketId, string Show, decimal Price, Kind Kind, [PersonalData] string? BuyerName, IReadOnlyList<Seat> Seats);

    [Event("tickets.sold.v1", Key = nameof(TicketId))]
    internal sealed record OtherEnum(string TicketId, string Show, decimal Price, WiderKind Kind, [PersonalData] string? BuyerName, IReadOnlyList<Seat> Seats);

    [Event("tickets.sold.v1", Key = nameof(TicketId))]
    internal sealed record Unmarked(string TicketId, string Show, decimal Price, Kind Kind, string? BuyerName, IReadOnlyList<Seat> Seats);

    [Event("tickets.returned.v1", Key = nameof(TicketId))]
    internal sealed record OtherName(string TicketId);

    [Event("tickets.sold.v1", Key = nameof(TicketId))]
    internal sealed record Grown(string TicketId, string Show, decimal Price, Kind Kind, [PersonalData] string? BuyerName, IReadOnlyList<Seat> Seats, Discount? Discount = null);

    [Event("tickets.endless.v1")]
    internal sealed record Endless(string Id, Endless? Next);

    [Event("tickets.keyed.v1", Key = nameof(CustomerId))]
    internal sealed record KeyedByPerson([PersonalData] string CustomerId);

    [Event("tickets.changed.v1", Key = nameof(TicketId))]
    internal sealed record KeyChanged(string TicketId, string Show) : IUpcast<KeyChangedV2>
    {
        public KeyChangedV2 Upcast() => new(Show);
    }

    [Event("tickets.changed.v2", Key = nameof(Show))]
    internal sealed record KeyChangedV2(string Show);

    [Event("tickets.chancy.v1", Key = nameof(TicketId))]
    internal sealed record Chancy(string TicketId, string Show) : IUpcast<ChancyV2>
    {
        public ChancyV2 Upcast() => new(TicketId, Guid.NewGuid());
    }

    [Event("tickets.chancy.v2", Key = nameof(TicketId))]
    internal sealed record ChancyV2(string TicketId, Guid Id);

    internal sealed record Letter(Place To, string Note);

    internal sealed record Place(string StreetAddress);
}
