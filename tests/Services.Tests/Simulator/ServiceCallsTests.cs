using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Services.Tests.Defaults;
using Simulator.Replay;

namespace Services.Tests.Simulator;

public sealed class ServiceCallsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(503, "7", 7)]
    [InlineData(429, "3", 3)]
    [InlineData(503, "Fri, 02 Jan 2026 03:04:25 GMT", 20)]
    [InlineData(503, "Fri, 02 Jan 2026 03:00:00 GMT", 0)]
    [InlineData(503, "86400", 60)]
    [InlineData(503, "soon", 0)]
    [InlineData(500, null, 0)]
    public async Task A_service_is_asked_again_with_the_same_body_when_it_wants_to_be(int status, string? retryAfter, int seconds)
    {
        var bodies = new ConcurrentQueue<string>();
        await using var service = await TestService.StartAsync(app => app.MapPost("/", async (HttpContext http) =>
        {
            using var reader = new StreamReader(http.Request.Body);
            bodies.Enqueue(await reader.ReadToEndAsync(Cancel));
            if (bodies.Count == 1)
            {
                http.Response.Headers.RetryAfter = retryAfter;
                http.Response.StatusCode = status;
                return;
            }

            await http.Response.WriteAsJsonAsync("done", Cancel);
        }));
        var clock = new ImpatientClock();
        var calls = new ServiceCalls(new Clients(service.Address), clock);

        (await calls.PostAsync<string>("orders", "", new { OrderId = "1" }, Cancel)).ShouldBe("done");

        bodies.ShouldBe(["""{"orderId":"1"}""", """{"orderId":"1"}"""]);
        var wait = clock.Waits.ShouldHaveSingleItem();
        wait.ShouldBeGreaterThan(TimeSpan.FromSeconds(seconds));
        wait.ShouldBeLessThanOrEqualTo(TimeSpan.FromSeconds(seconds) + TimeSpan.FromMilliseconds(50), retryAfter?.ToString(CultureInfo.InvariantCulture));
    }

    private sealed class Clients(Uri address) : IHttpClientFactory
    {
        public HttpClient CreateClient(string name) => new() { BaseAddress = address };
    }

    /// <summary>Its timers are due at once, and remembered.</summary>
    private sealed class ImpatientClock : TimeProvider
    {
        public ConcurrentQueue<TimeSpan> Waits { get; } = new();

        public override DateTimeOffset GetUtcNow() => new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Waits.Enqueue(dueTime);
            return base.CreateTimer(callback, state, TimeSpan.Zero, Timeout.InfiniteTimeSpan);
        }
    }
}
