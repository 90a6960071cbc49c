using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace FlowPlatform.Orchestration.ResourceService;

/// <summary>
/// An answer of server-sent events. A client that doesn't read is cut off by the server's least rate of answers (240 bytes/s, after 5 s); one that is gone is found by an event <c>ping</c> every 10 s.
/// </summary>
internal sealed class EventStream(HttpContext context, TimeProvider time, CancellationToken stopping) : IDisposable
{
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(10);

    private readonly CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);

    public CancellationToken Ending => ending.Token;

    public async Task BeginAsync()
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-store";
        await context.Response.StartAsync(Ending);
    }

    public async Task SendAsync(string type, object data, long? id = null)
    {
        // JSON of ours has no line breaks.
        var json = JsonSerializer.Serialize(data, data.GetType(), JsonSerializerOptions.Web);
        await context.Response.WriteAsync(id is null ? $"event: {type}\ndata: {json}\n\n" : $"id: {id}\nevent: {type}\ndata: {json}\n\n", Ending);
        await context.Response.Body.FlushAsync(Ending);
    }

    /// <summary>Waits for what is to be sent next, pinging meanwhile.</summary>
    public async Task<T> WaitAsync<T>(Task<T> next)
    {
        while (true)
        {
            try
            {
                return await next.WaitAsync(PingInterval, time, Ending);
            }
            catch (TimeoutException) when (!next.IsCompleted)
            {
                await SendAsync("ping", new { });
            }
        }
    }

    public void Dispose() => ending.Dispose();
}
