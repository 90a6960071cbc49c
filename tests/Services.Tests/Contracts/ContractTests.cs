using System.Text.Json.Nodes;
using Contracts;
using Contracts.Http;
using FlowPlatform.Events;
using FlowPlatform.Testing.Contracts;
using Insights;
using Inventory;
using Orders;
using Payments;
using Shipping;

namespace Services.Tests.EventContracts;

/// <summary>
/// What the services promised each other and everybody who reads the log. <c>schemas/</c> is kept by FLOW_UPDATE_GOLDEN=1, which only ever adds; <c>samples/</c> are written by hand, once.
/// </summary>
public sealed class ContractTests
{
    private static readonly FlowPlatform.Testing.Contracts.EventContracts Guard = new(typeof(OrderPlaced).Assembly, Samples.Folder);

    [Fact]
    public void Contracts_change_compatibly_only() => Guard.ThrowIfIncompatible();

    [Fact]
    public void Every_contract_is_kept_with_a_sample()
    {
        if (Environment.GetEnvironmentVariable("FLOW_UPDATE_GOLDEN") == "1")
        {
            Guard.Keep();
        }

        Guard.ThrowIfNotKept();
    }

    [Fact]
    public void Samples_are_read_as_they_were_written()
    {
        foreach (var type in Guard.Types.Keys)
        {
            Guard.SampleOf(type).ShouldNotBeNull();
        }
    }

    [Fact]
    public void Event_types_are_named_after_their_stream_what_happened_and_the_version()
    {
        foreach (var (name, type) in Guard.Types)
        {
            name.ShouldMatch(@"^[a-z]+\.[a-z]+(-[a-z]+)*\.v[1-9][0-9]*$");
            name.ShouldStartWith($"{type.BaseType!.Name.Replace("Event", "", StringComparison.Ordinal).ToLowerInvariant()}.", Case.Sensitive, $"{type.Name} is a {type.BaseType.Name}");
        }
    }

    [Fact]
    public void What_identifies_a_person_is_marked_wherever_it_travels()
    {
        var bodies = typeof(PlaceOrder).Assembly.GetTypes().Where(type => type.Namespace == typeof(PlaceOrder).Namespace && type is { IsAbstract: false, IsNested: false });
        Type[] commands = [.. new[] { typeof(PaymentsApp).Assembly, typeof(ShippingApp).Assembly, typeof(OrdersApp).Assembly, typeof(InventoryApp).Assembly, typeof(InsightsApp).Assembly }
            .SelectMany(assembly => assembly.GetTypes()).Where(type => type.IsDefined(typeof(CommandAttribute), inherit: false))];
        commands.ShouldNotBeEmpty();
        PersonalFields.ThrowIfUnmarked([.. Guard.Types.Values, .. bodies, .. commands]);
        PersonalFields.MarkedIn(typeof(OrderPlaced)).ShouldBe(["customerId"]);
        PersonalFields.MarkedIn(typeof(PlaceOrder)).ShouldBe(["customerId"]);
    }

    [Theory]
    [InlineData("""{"orderId":"1","customerId":{"name":"Xanthippe"},"country":"EIRE","lines":[]}""", "$.customerId")]
    [InlineData("""{"orderId":"1","customerId":"Xanthippe","country":"EIRE","lines":"Xanthippe"}""", "$.lines")]
    [InlineData("""{"orderId":"1","customerId":"Xanthippe","country":"EIRE","lines":[{"code":"Xanthippe","quantity":1,"unitPrice":"Xanthippe"}]}""", "$.lines[0].unitPrice")]
    [InlineData("""{"orderId":"1","customerId":"Xanthippe","country":null,"lines":[]}""", "country")]
    [InlineData("""{"orderId":"1","customerId":"Xanthippe","lines":[]}""", "country")]
    [InlineData("""{"orderId":"1","customerId":"Xanthippe" "country":"EIRE"}""", "is invalid after a value")]
    public async Task An_event_that_cannot_be_read_is_reported_without_what_it_says(string json, string field)
    {
        var fault = await Should.ThrowAsync<FlowTestException>(() => Projections.FoldAsync(new Revenue(), [[Samples.Raw("orders.placed.v1", json)]]));
        fault.InnerException.ShouldBeOfType<EventDecodingException>().Message.ShouldContain(field);
        fault.ToString().ShouldNotContain("Xanthippe");
    }

    [Fact]
    public void A_reader_ignores_fields_that_it_does_not_know()
    {
        foreach (var (name, type) in Guard.Types)
        {
            JsonObject grown = Guard.SampleOf(name);
            grown["aFieldOfNextYear"] = new JsonObject { ["deep"] = 1 };
            FlowJson.Deserialize(System.Text.Encoding.UTF8.GetBytes(grown.ToJsonString()), type).ShouldBeOfType(type);
        }
    }
}
