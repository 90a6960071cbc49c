using FlowPlatform.Consumers;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using Insights;
using Inventory;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Orders;
using Payments;
using Shipping;

namespace Services.Tests.EventContracts;

/// <summary>Every version of every event that was ever published goes through every consumer of every service that takes it.</summary>
public sealed class ReplayTests
{
    private static readonly Dictionary<string, Func<string[], Action<FlowBuilder>, WebApplication>> Apps = new()
    {
        ["orders"] = OrdersApp.Build, ["inventory"] = InventoryApp.Build, ["payments"] = PaymentsApp.Build, ["shipping"] = ShippingApp.Build, ["insights"] = InsightsApp.Build,
    };

    public static TheoryData<string> Services => [.. Apps.Keys];

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Golden_samples_go_through_every_consumer_of(string service)
    {
        await using var flow = await StartAsync(service);
        var consumers = ConsumersOf(flow);
        consumers.ShouldNotBeEmpty();
        foreach (var (consumer, streams) in consumers)
        {
            var records = Samples.For(consumer, streams);
            consumer.Accepts.ShouldBeSubsetOf(records.Select(record => record.Event.Type), $"{service}/{consumer.Name} takes these; each needs a sample in {Samples.Folder}");
            await ApplyAsync(flow, consumer, records);
        }
    }

    private static Task<SteppedFlow> StartAsync(string service) => SteppedFlow.StartAsync(Apps[service], options =>
    {
        options.Settings["FLOW_MODE"] = "shop";
        options.Settings["services:simulator:http:0"] = "http://127.0.0.1:9";
    });

    private static List<(Consumer Consumer, IReadOnlyList<string> Streams)> ConsumersOf(SteppedFlow flow) =>
        [.. flow.Consumers.Select(definition => ((Consumer)flow.Services.GetRequiredService(definition.Type), definition.Streams))];

    /// <summary>One by one, so that a fault is of the event that it names.</summary>
    private static async Task ApplyAsync(SteppedFlow flow, Consumer consumer, IReadOnlyList<LogRecord> records)
    {
        if (consumer is Projection projection)
        {
            await using var fold = await Projections.FoldAsync(projection, records.Select(record => (IReadOnlyList<LogRecord>)[record]));
            return;
        }

        foreach (var record in records)
        {
            await flow.DeliverAsync([record]);
        }
    }
}
