using Contracts;
using Contracts.Http;
using Orders;

namespace Services.Tests.Orders;

public sealed class OrderRulesTests
{
    [Fact]
    public void A_valid_order_has_no_faults() => OrderRules.Check(Requests.Order()).Any.ShouldBeFalse();

    [Fact]
    public void A_guest_in_a_country_with_letters_beyond_ascii_is_valid() =>
        OrderRules.Check(Requests.Order() with { CustomerId = null, Country = "Österreich", OrderId = "Bestellung 7 ✓" }).Any.ShouldBeFalse();

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" 1")]
    [InlineData("1 ")]
    [InlineData("a/b")]
    [InlineData("summary")]
    [InlineData("batch")]
    [InlineData("..")]
    [InlineData("a\u0007")]
    [InlineData("a\u200b")]
    [InlineData("ä\n")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public void An_id_that_can_not_stand_in_a_path_is_a_fault(string? id) =>
        OrderRules.Check(Requests.Order() with { OrderId = id! }).Errors.Keys.ShouldBe(["orderId"]);

    [Theory]
    [InlineData("")]
    [InlineData("1\t2")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public void A_customer_that_is_given_must_be_printable(string id) =>
        OrderRules.Check(Requests.Order() with { CustomerId = id }).Errors.Keys.ShouldBe(["customerId"]);

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("12345678901234567890123456789012345678901234567890123456789012345")]
    public void A_country_is_required(string? country) => OrderRules.Check(Requests.Order() with { Country = country! }).Errors.Keys.ShouldBe(["country"]);

    [Theory]
    [InlineData("1999-12-31T23:59:59Z")]
    [InlineData("2100-01-01T00:00:00Z")]
    [InlineData("0001-01-01T00:00:00Z")]
    public void A_time_far_off_is_a_fault(string time)
    {
        var at = DateTimeOffset.Parse(time, null);
        OrderRules.Check(Requests.Order() with { PlacedAt = at }).Errors.Keys.ShouldBe(["placedAt"]);
        OrderRules.Check(Requests.Return() with { ReturnedAt = at }).Errors.Keys.ShouldBe(["returnedAt"]);
        OrderRules.Check(new CancelOrder(at)).Errors.Keys.ShouldBe(["requestedAt"]);
    }

    [Fact]
    public void Lines_are_required_and_at_most_2_000()
    {
        var line = new OrderLine("85123A", 1, 1m);
        OrderRules.Check(Requests.Order() with { Lines = [.. Enumerable.Repeat(line, 2_000)] }).Any.ShouldBeFalse();
        foreach (var lines in new IReadOnlyList<OrderLine>?[] { null, [], [.. Enumerable.Repeat(line, 2_001)] })
        {
            OrderRules.Check(Requests.Order() with { Lines = lines! }).Errors.Keys.ShouldBe(["lines"]);
        }
    }

    [Fact]
    public void Every_fault_of_every_line_is_named()
    {
        OrderLine[] lines =
        [
            new("85123A", 1, 1m), new("", 1, 1m), new("85123A", 0, 1m), new("85123A", 1_000_001, 1m), new("85123A", 1, 0m),
            new("85123A", 1, 0.0001m), new("85123A", 1, 1_000_000.001m), null!, new(null!, -1, -1m), new(new string('7', 33), 1, 1m), new("85123A", 1, 1.5000m),
        ];
        OrderRules.Check(Requests.Order() with { Lines = lines }).Errors.Keys.Order(StringComparer.Ordinal).ShouldBe(
        [
            "lines[1].code", "lines[2].quantity", "lines[3].quantity", "lines[4].unitPrice", "lines[5].unitPrice", "lines[6].unitPrice",
            "lines[7]", "lines[8].code", "lines[8].quantity", "lines[8].unitPrice", "lines[9].code",
        ]);
    }

    [Fact]
    public void An_order_beyond_what_sums_can_hold_is_a_fault() =>
        OrderRules.Check(Requests.Order() with { Lines = [new OrderLine("85123A", 1_000_000, 1_000m), new OrderLine("POST", 1, 0.001m)] }).Errors.Keys.ShouldBe(["lines"]);

    [Fact]
    public void All_faults_come_at_once() =>
        OrderRules.Check(new PlaceOrder(null!, "", null!, default, null!)).Errors.Keys.Order(StringComparer.Ordinal).ShouldBe(["country", "customerId", "lines", "orderId", "placedAt"]);

    [Fact]
    public void Returns_follow_the_same_rules() =>
        OrderRules.Check(new ReturnGoods("", "", "", default, [new OrderLine("D", -1, -27.5m)])).Errors.Keys.Order(StringComparer.Ordinal)
            .ShouldBe(["country", "customerId", "lines[0].quantity", "lines[0].unitPrice", "returnId", "returnedAt"]);
}
