using System.Text;
using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using static FlowPlatform.Testing.Tests.OrderEvents;

namespace FlowPlatform.Testing.Tests.Upcasting;

/// <summary>Old versions of events reach the handlers that there are.</summary>
public sealed class UpcastingTests
{
    [Fact]
    public async Task Old_versions_reach_the_handler_of_the_newest_through_every_version_between()
    {
        await using var fold = await FoldAsync(new NewestWeights(), new WeighedV1("a", 1_500), new WeighedV2("b", 2.5m), new Weighed("c", 3.5m, "north"));
        (await fold.QueryAsync<string>("SELECT seen FROM weight ORDER BY parcel_id")).ShouldBe(
            ["parcels.weighed.v1 as v3: 1.5 kg by unknown", "parcels.weighed.v2 as v3: 2.5 kg by unknown", "parcels.weighed.v3 as v3: 3.5 kg by north"]);
    }

    [Fact]
    public async Task A_handler_of_the_stored_version_goes_first_and_then_the_nearest_newer_one()
    {
        await using var fold = await FoldAsync(new EveryWeight(), new WeighedV1("a", 1_500), new WeighedV2("b", 2.5m), new Weighed("c", 3.5m, "north"));
        (await fold.QueryAsync<string>("SELECT seen FROM weight ORDER BY parcel_id")).ShouldBe(
            ["parcels.weighed.v1 as v2: 1.5 kg", "parcels.weighed.v2 as v2: 2.5 kg", "parcels.weighed.v3 as v3: 3.5 kg by north"]);
    }

    [Fact]
    public async Task Folds_of_one_projection_take_an_event_each_as_its_own_version()
    {
        await using var fold = await FoldAsync(new FoldedWeights(), new WeighedV1("a", 1_500), new Weighed("c", 3.5m, "north"));
        (await fold.QueryAsync<string>("SELECT parcel_id || ' ' || seen FROM weight ORDER BY 1")).ShouldBe(["a v2: 1.5", "newest a v3: 1.5 unknown", "newest c v3: 3.5 north"]);
    }

    [Fact]
    public void A_consumer_says_which_versions_it_handles_and_which_it_takes_besides()
    {
        new EveryWeight().Handles.ShouldBe(["parcels.weighed.v2", "parcels.weighed.v3"], ignoreOrder: true);
        new EveryWeight().Accepts.ShouldBe(["parcels.weighed.v1", "parcels.weighed.v2", "parcels.weighed.v3"], ignoreOrder: true);
        new FoldedWeights().Accepts.ShouldBe(["parcels.weighed.v1", "parcels.weighed.v2", "parcels.weighed.v3"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_reactor_decides_about_an_old_event_under_the_ids_that_it_always_had()
    {
        await using var flow = await FlowTest.StartAsync("parcels", Declare);
        var cause = await flow.GivenAsync(new WeighedV1("a", 1_500), Noon, stream: "weights");
        await flow.SettledAsync();
        var lost = flow.Emitted<Lost>().ShouldHaveSingleItem();
        lost.Event.ShouldBe(new Lost("a", "1.5 kg"));
        lost.Id.ShouldBe(DeterministicId.Create("parcels", "answer-weights", cause, 0).ToString());
    }

    [Fact]
    public async Task A_version_that_is_newer_than_the_consumer_is_never_skipped()
    {
        var failure = await Should.ThrowAsync<FlowTestException>(() => Projections.FoldAsync(new EveryWeight(), [[.. Raw("parcels.weighed.v4", """{"parcelId":"a"}""").Records]]));
        var unknown = failure.InnerException.ShouldBeOfType<UnknownEventVersionException>();
        unknown.IsNewer.ShouldBeTrue();
        unknown.Message.ShouldBe(
            "Consumer 'every-weight' handles parcels.weighed.v2, parcels.weighed.v3, and the log has parcels.weighed.v4, which is newer. Deploy this service with the contract that has it: consumers go before producers.");
    }

    [Fact]
    public async Task A_version_that_nothing_leads_on_from_is_never_skipped()
    {
        var failure = await Should.ThrowAsync<FlowTestException>(() => FoldAsync(new NewestWeights(), new LostV1("a")));
        failure.InnerException.ShouldBeOfType<UnknownEventVersionException>().Message.ShouldStartWith("Consumer 'newest-weights' handles parcels.lost.v2, and nothing leads there from parcels.lost.v1.");
    }

    [Theory]
    [InlineData("parcels.weighed.v1", """{"parcelId":"a"}""", "grams")]
    [InlineData("parcels.weighed.v1", """{"parcelId":null,"grams":1}""", "parcelId")]
    [InlineData("parcels.weighed.v3", """{"parcelId":"a","kilograms":"heavy","scale":"north"}""", "$.kilograms")]
    [InlineData("parcels.weighed.v3", """{"parcelId":"a","kilograms":1""", "$")]
    [InlineData("parcels.weighed.v3", "null", "null")]
    public async Task What_is_not_as_the_contract_says_is_named_with_its_field(string type, string json, string named)
    {
        var failure = await Should.ThrowAsync<FlowTestException>(() => Projections.FoldAsync(new NewestWeights(), [[.. Raw(type, json).Records]]));
        var undecodable = failure.InnerException.ShouldBeOfType<EventDecodingException>();
        undecodable.Message.ShouldStartWith($"Event e1 can't be read as {type}: ");
        undecodable.Message.ShouldContain(named);
    }

    [Fact]
    public async Task An_upcaster_that_fails_is_named_with_its_event()
    {
        var failure = await Should.ThrowAsync<FlowTestException>(() => FoldAsync(new NewestWeights(), new WeighedV1("a", -1)));
        failure.InnerException.ShouldBeOfType<EventDecodingException>().Message.ShouldBe(
            "Event parcels/1 can't be read as parcels.weighed.v1: WeighedV1.Upcast() to WeighedV2 failed with InvalidOperationException: Nothing weighs less than nothing.");
    }

    private static void Declare(FlowBuilder flow) => flow.Publishes<Lost>("parcels").Reactor<AnswerWeights>("weights");

    private static Task<ProjectionFold> FoldAsync(Projection projection, params object[] events)
    {
        var history = new EventHistory(partitions: 1);
        foreach (var @event in events)
        {
            history.Add(@event, Noon);
        }

        return Projections.FoldAsync(projection, history);
    }

    private static EventHistory Raw(string type, string json)
    {
        var history = new EventHistory();
        history.Add(new LogRecord(new PartitionId("weights", 0), 0, Noon, new EventEnvelope
        {
            Id = "e1", Type = type, Source = "weights", Key = "a", Time = Noon, CommittedAt = Noon, Producer = "weights/1", Sequence = 1, Data = Encoding.UTF8.GetBytes(json),
        }));
        return history;
    }
}
