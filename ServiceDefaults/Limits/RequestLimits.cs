using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace ServiceDefaults.Limits;

/// <summary>Limits of size, number, rate and time of requests. What is over a limit is told which, and when to come again.</summary>
internal static class RequestLimits
{
    /// <summary>The rate limit of administrative verbs; they are outside of the others, so that a crowd of clients can't lock the operator out.</summary>
    public const string Admin = "flow-admin";

    private const int Soon = 1;

    public static void AddRequestLimits(this IHostApplicationBuilder builder)
    {
        var limits = ServiceLimits.From(builder.Configuration);
        builder.Services.Configure<KestrelServerOptions>(kestrel => ConnectionLimits.Apply(kestrel.Limits, limits));
        builder.Services.AddRequestTimeouts(timeouts => timeouts.DefaultPolicy = new RequestTimeoutPolicy
        {
            Timeout = limits.RequestTimeout,
            TimeoutStatusCode = StatusCodes.Status503ServiceUnavailable,
            WriteTimeoutResponse = http => Problems.WriteAsync(
                http, StatusCodes.Status503ServiceUnavailable,
                $"The request was given up after {limits.RequestTimeout.TotalSeconds:0} s (FLOW_REQUEST_TIMEOUT). Whether it was done is unknown; send the same again.", Soon),
        });
        builder.Services.AddRateLimiter(limiter =>
        {
            limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(Concurrency(limits), PerClient(limits));
            limiter.AddPolicy(Admin, http => Bucket(ClientOf(http), limits.AdminRate, 2 * limits.AdminRate));
            limiter.OnRejected = (rejected, _) => RejectAsync(rejected, limits);
        });
    }

    public static void UseRequestLimits(this WebApplication app)
    {
        app.Use(static (http, next) => http.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget.Length <= ConnectionLimits.MaxTarget
            ? next(http)
            : Problems.WriteAsync(http, StatusCodes.Status414UriTooLong, $"A path with its query has at most {ConnectionLimits.MaxTarget:N0} characters."));
        app.UseRateLimiter();
        app.UseRequestTimeouts();
    }

    private static PartitionedRateLimiter<HttpContext> Concurrency(ServiceLimits limits) => PartitionedRateLimiter.Create<HttpContext, bool>(http => IsAdmin(http)
        ? RateLimitPartition.GetNoLimiter(true)
        : RateLimitPartition.GetConcurrencyLimiter(false, _ => new ConcurrencyLimiterOptions { PermitLimit = limits.MaxConcurrent, QueueLimit = limits.MaxConcurrent }));

    private static PartitionedRateLimiter<HttpContext> PerClient(ServiceLimits limits) => PartitionedRateLimiter.Create<HttpContext, string>(http => limits.ClientRate is not { } rate || IsAdmin(http)
        ? RateLimitPartition.GetNoLimiter("")
        : Bucket(ClientOf(http), rate, limits.ClientBurst));

    private static RateLimitPartition<string> Bucket(string client, int rate, int burst) => RateLimitPartition.GetTokenBucketLimiter(
        client, _ => new TokenBucketRateLimiterOptions { TokenLimit = burst, TokensPerPeriod = rate, ReplenishmentPeriod = TimeSpan.FromSeconds(1), QueueLimit = 0 });

    private static bool IsAdmin(HttpContext http) => http.GetEndpoint()?.Metadata.GetMetadata<EnableRateLimitingAttribute>()?.PolicyName == Admin;

    /// <summary>An IPv6 client has a whole /64 at its hands, so that counts as one. A proxy's header is not believed: anybody can send one.</summary>
    internal static string ClientOf(HttpContext http)
    {
        var address = http.Connection.RemoteIpAddress ?? IPAddress.None;
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexString(address.GetAddressBytes().AsSpan(0, 8)) : address.ToString();
    }

    /// <summary>Only a rate knows when there is room again.</summary>
    private static async ValueTask RejectAsync(OnRejectedContext rejected, ServiceLimits limits)
    {
        var http = rejected.HttpContext;
        if (rejected.Lease.TryGetMetadata(MetadataName.RetryAfter, out var wait))
        {
            var rate = IsAdmin(http) ? $"{limits.AdminRate} administrative requests a second (FLOW_ADMIN_RATE)" : $"{limits.ClientRate} requests a second (FLOW_CLIENT_RATE)";
            await Problems.WriteAsync(
                http, StatusCodes.Status429TooManyRequests, $"One client may send {rate}. Nothing was done; come again later.", Math.Max(Soon, (int)Math.Ceiling(wait.TotalSeconds)));
            return;
        }

        await Problems.WriteAsync(
            http, StatusCodes.Status503ServiceUnavailable,
            string.Create(CultureInfo.InvariantCulture, $"{limits.MaxConcurrent:N0} requests are in work and as many wait (FLOW_MAX_CONCURRENT_REQUESTS). Nothing was done; come again later."), Soon);
    }
}
