using FlowPlatform.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ServiceDefaults.Api;

namespace ServiceDefaults.Admin;

/// <summary><c>GET /flow/contracts</c>: what the service publishes, and which fields of it are personal data. The key is required.</summary>
internal static class ContractEndpoints
{
    private static readonly ContractsAnswer Sample = new(1, [new PublishedContract("orders.placed.v1", "orders", ["customerId"]), new PublishedContract("orders.cancel-requested.v1", "orders", [])]);

    /// <summary>Maps it.</summary>
    public static void MapContracts(this RouteGroupBuilder admin) =>
        admin.MapGet("/contracts", (FlowDefinition flow) => TypedResults.Ok(new ContractsAnswer(1, PublishedContracts.Of(flow))))
            .Describe(
                "getContracts", "Service", "What the service publishes",
                "Types of events, and their fields that are personal data: `customerId`, `lines[].note` for every element, `answers{}.text` for every value of a map. Who shows events masks these.")
            .Example("contracts", StatusCodes.Status200OK, answer: Sample);

    /// <param name="Version">Version of this shape: 1.</param>
    /// <param name="Contracts">One for each type, ordered by name.</param>
    private sealed record ContractsAnswer(int Version, IReadOnlyList<PublishedContract> Contracts);
}
