using System.Collections.Concurrent;
using Contracts.Http;
using FlowPlatform.Events;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Services.Tests.Process;

/// <summary>What the outside does with a call.</summary>
internal enum Answer
{
    Approve,
    Decline,

    /// <summary>503, decided before anything is booked.</summary>
    Busy,

    /// <summary>Breaks the connection before anything is booked.</summary>
    Break,

    /// <summary>Books, then breaks the connection.</summary>
    BookAndBreak,
}

/// <summary>One movement in the outside's book.</summary>
internal sealed record Booking(string Kind, string Reference, decimal Amount, bool Approved);

/// <summary>A card gateway and a courier on Kestrel, on a free port, with a book by idempotency key. Tests script the answers; unscripted calls are approved.</summary>
internal sealed class Outside : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<(string Path, string Reference), ConcurrentQueue<Answer>> scripts = [];
    private readonly ConcurrentDictionary<string, Booking> book = [];
    private int calls;

    private Outside(WebApplication app) => this.app = app;

    public string Address => app.Urls.Single();

    public int Calls => Volatile.Read(ref calls);

    public IEnumerable<Booking> Book => book.Values;

    public static async Task<Outside> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            foreach (var converter in FlowJson.Options.Converters)
            {
                json.SerializerOptions.Converters.Add(converter);
            }
        });
        var app = builder.Build();
        var outside = new Outside(app);
        app.MapPost("/gateway/charges", (GatewayRequest request, HttpContext http) => outside.Move("charge", request, http));
        app.MapPost("/gateway/refunds", (GatewayRequest request, HttpContext http) => outside.Move("refund", request, http));
        app.MapPost("/courier/bookings", (CourierRequest request, HttpContext http) => outside.Ship(request, http));
        await app.StartAsync(TestContext.Current.CancellationToken);
        return outside;
    }

    /// <summary>The next answers to calls of a kind (charge, refund, courier) about a reference.</summary>
    public void Script(string kind, string reference, params IEnumerable<Answer> answers)
    {
        var script = scripts.GetOrAdd((kind, reference), _ => []);
        foreach (var answer in answers)
        {
            script.Enqueue(answer);
        }
    }

    /// <summary>Money taken for a reference less what went back.</summary>
    public decimal Net(string reference) => Sum("charge", reference) - Sum("refund", reference);

    public decimal Sum(string kind, string reference) => book.Values.Where(booking => booking.Kind == kind && booking.Reference == reference && booking.Approved).Sum(booking => booking.Amount);

    public async ValueTask DisposeAsync() => await app.DisposeAsync();

    private IResult Move(string kind, GatewayRequest request, HttpContext http)
    {
        var key = Key(http);
        var (fault, booking) = Decide(kind, key, request.Reference, request.Amount);
        if (fault is not null)
        {
            return Fail(fault.Value, http);
        }

        return Results.Ok(booking!.Approved ? new GatewayAnswer(true, $"{kind}-{key[..8]}", null) : new GatewayAnswer(false, null, "insufficient funds"));
    }

    private IResult Ship(CourierRequest request, HttpContext http)
    {
        var key = Key(http);
        var (fault, _) = Decide("courier", key, request.OrderId, request.Units);
        return fault is null ? Results.Ok(new CourierAnswer($"track-{key[..8]}")) : Fail(fault.Value, http);
    }

    private (Answer? Fault, Booking? Booking) Decide(string kind, string key, string reference, decimal amount)
    {
        Interlocked.Increment(ref calls);
        var answer = scripts.TryGetValue((kind, reference), out var script) && script.TryDequeue(out var next) ? next : Answer.Approve;
        if (answer is Answer.Busy or Answer.Break)
        {
            return (answer, null);
        }

        var booking = book.GetOrAdd(key, new Booking(kind, reference, amount, answer != Answer.Decline));
        booking.ShouldBe(booking with { Kind = kind, Reference = reference, Amount = amount }, "One key, one request.");
        return (answer == Answer.BookAndBreak ? answer : null, booking);
    }

    private static string Key(HttpContext http) => http.Request.Headers["Idempotency-Key"].ToString() is { Length: > 0 } key ? key : throw new InvalidOperationException("No Idempotency-Key.");

    private static IResult Fail(Answer fault, HttpContext http)
    {
        if (fault != Answer.Busy)
        {
            http.Abort();
        }

        return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
    }
}
