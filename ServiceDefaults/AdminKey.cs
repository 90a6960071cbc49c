using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using ServiceDefaults.Limits;

namespace ServiceDefaults;

/// <summary>Guards administrative endpoints.</summary>
public static class AdminKey
{
    /// <summary>The header that carries the key.</summary>
    public const string Header = "X-Flow-Key";

    /// <summary>
    /// Lets requests pass that carry configuration <c>FLOW_ADMIN_KEY</c> in header <see cref="Header"/>; others get 401. Where no key is configured the endpoint is open in
    /// Development and does not exist (404) elsewhere. Such endpoints have a rate limit of their own (<c>FLOW_ADMIN_RATE</c>), outside of the limits for clients.
    /// </summary>
    public static TBuilder RequireAdminKey<TBuilder>(this TBuilder endpoint)
        where TBuilder : IEndpointConventionBuilder => endpoint.AddEndpointFilter<TBuilder, Filter>().RequireRateLimiting(RequestLimits.Admin).WithMetadata(Guarded.Instance);

    /// <summary>The group <c>/flow</c>, guarded.</summary>
    public static RouteGroupBuilder MapFlowAdmin(this IEndpointRouteBuilder app) => app.MapGroup("/flow").RequireAdminKey();

    /// <summary>Marks endpoints that need the key.</summary>
    internal sealed class Guarded
    {
        public static readonly Guarded Instance = new();
    }

    private sealed class Filter(IConfiguration configuration, IHostEnvironment environment) : IEndpointFilter
    {
        private readonly byte[]? key = configuration["FLOW_ADMIN_KEY"] is { Length: > 0 } configured ? Hash(configured) : null;

        public ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
        {
            if (key is null)
            {
                return environment.IsDevelopment() ? next(context) : ValueTask.FromResult<object?>(TypedResults.NotFound());
            }

            // Hashes have one length, so the comparison's time says nothing about the key.
            return context.HttpContext.Request.Headers[Header].ToString() is { Length: > 0 } given && CryptographicOperations.FixedTimeEquals(key, Hash(given))
                ? next(context)
                : ValueTask.FromResult<object?>(TypedResults.Problem($"Header {Header} with the admin key is required.", statusCode: StatusCodes.Status401Unauthorized));
        }

        private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
    }
}
