using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Shouldly;
using Xunit;

namespace FlowPlatform.AppHost.Tests;

/// <summary>What the AppHost adds to Aspire's pages. Only on Aspire: the local orchestrator has a dashboard that does this.</summary>
public sealed class ResourceCommandTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Invariants_are_checked_and_parked_keys_redriven_by_command()
    {
        using var order = new OneOrder();
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(order.Flags, Token);
        await using var app = await builder.BuildAsync(Token);
        await app.StartAsync(Token);
        foreach (var service in OneOrder.Services)
        {
            await app.ResourceNotifications.WaitForResourceHealthyAsync(service, Token);
        }

        (await app.ResourceCommands.ExecuteCommandAsync("simulator", "check", Token)).Success.ShouldBeTrue();
        (await app.ResourceCommands.ExecuteCommandAsync("orders", "redrive", Token)).Success.ShouldBeTrue();
    }
}
