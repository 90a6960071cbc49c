using FlowPlatform.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ServiceDefaults;

/// <summary><c>GET /flow/status</c>: streams, consumers and outbox of the service.</summary>
internal static class StatusEndpoint
{
    private const string Producer = "orders/5f0c1d2e3a4b5c6d";

    private static readonly FlowStatus Sample = new(
        1,
        "orders",
        [new PublishedPartitionStatus("orders", 0, LastSequence: 1204, Confirmed: 1204) { Producer = Producer }],
        [new ConsumerPartitionStatus("order-status", "orders", 0, Position: 1204, Mark: 1204, Lag: 0, DelaySeconds: 0, "live", "host-1/4711", null) { Producer = Producer, Epoch = 3, Parked = new ParkedStatus(Keys: 1, Events: 2, OldestSeconds: 93.5), Batches = new BatchStatus(Count: 310, Events: 1204) }],
        new OutboxStatus(Depth: 0, Commands: 0, "running", null) { Owner = "host-1/4711" },
        Parked: 1)
    { Instance = "host-1/4711" };

    public static void MapFlowStatus(this IEndpointRouteBuilder app) =>
        app.MapGet("/flow/status", (FlowMonitor monitor, CancellationToken cancellationToken) => monitor.GetStatusAsync(cancellationToken))
            .Describe("getFlowStatus", "Service", "How events flow through the service", "Positions and lag of every consumer, and how many events wait in the outbox. A row per partition, whichever replica owns it.")
            .Example("live", StatusCodes.Status200OK, answer: Sample);
}
