using FlowPlatform.AppHost;
using FlowPlatform.Orchestration.Tests.Cli;

namespace FlowPlatform.Orchestration.Tests.AppHost;

/// <summary>What Aspire's commands of a service do.</summary>
public sealed class AdminApiTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Redrive_asks_for_every_consumer_that_has_parked_something_once()
    {
        await using var system = await FakeSystem.StartAsync("orders");
        system.Says("orders", "/flow/parked", """{"keys":[{"consumer":"order-status","key":"1"},{"consumer":"order-status","key":"2"},{"consumer":"invoices","key":"1"}],"next":null}""");
        system.Says("orders", "/flow/redrive", """{"version":1}""", status: 202);
        (await AdminApi.RedriveAsync(system.AddressOf("orders"), FakeSystem.Key, Token)).ShouldBeNull();
        system.Requests.Where(request => request.StartsWith("POST", StringComparison.Ordinal))
            .ShouldBe(["POST orders/flow/redrive {\"consumer\":\"order-status\"}", "POST orders/flow/redrive {\"consumer\":\"invoices\"}"], ignoreOrder: true);
    }

    [Fact]
    public async Task Nothing_parked_is_nothing_to_redrive_and_a_refusal_is_told()
    {
        await using var system = await FakeSystem.StartAsync("orders");
        system.Says("orders", "/flow/parked", """{"keys":[]}""");
        (await AdminApi.RedriveAsync(system.AddressOf("orders"), FakeSystem.Key, Token)).ShouldBeNull();
        system.Requests.Count.ShouldBe(1);
        (await AdminApi.RedriveAsync(system.AddressOf("orders"), "another", Token)).ShouldNotBeNull().ShouldContain("answers 401");
    }

    [Theory]
    [InlineData("""{"ok":true,"quiet":true,"obstacles":[],"invariants":[{"name":"money","ok":true,"detail":"1.00"}]}""", null)]
    [InlineData("""{"ok":false,"quiet":true,"obstacles":[],"invariants":[{"name":"money","ok":false,"detail":"1.00 taken, 2.00 shipped"},{"name":"stock","ok":true,"detail":"5"}]}""", "money: 1.00 taken, 2.00 shipped")]
    [InlineData("""{"ok":false,"quiet":false,"obstacles":["orders lags"],"invariants":[]}""", "Not quiet in time, so nothing can be said: orders lags")]
    public async Task Check_says_what_does_not_hold(string answer, string? fault)
    {
        await using var system = await FakeSystem.StartAsync("simulator");
        system.Says("simulator", "/flow/check", answer);
        (await AdminApi.CheckAsync(system.AddressOf("simulator"), FakeSystem.Key, Token)).ShouldBe(fault);
    }
}
