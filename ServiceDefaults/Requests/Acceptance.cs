using Microsoft.AspNetCore.Http;

namespace ServiceDefaults;

/// <summary>What becomes of a request under an id that the client chose.</summary>
public enum Outcome
{
    /// <summary>The id is new: it is done.</summary>
    Accepted,

    /// <summary>The same request again: nothing is done, the first result counts.</summary>
    Duplicate,

    /// <summary>Another request came with this id before: nothing is done.</summary>
    Conflict,
}

/// <summary>What was accepted under an id before.</summary>
/// <param name="Fingerprint">Of its body; null if none was kept: then whatever comes counts as the same.</param>
/// <param name="AcceptedAt">When.</param>
public sealed record Earlier(byte[]? Fingerprint, DateTimeOffset AcceptedAt);

/// <summary>Whether a request was accepted, now or before: the one rule by which a client may send again what it doesn't know to have arrived.</summary>
/// <param name="Outcome">What became of it.</param>
/// <param name="AcceptedAt">When what counts under this id was accepted.</param>
public readonly record struct Acceptance(Outcome Outcome, DateTimeOffset AcceptedAt)
{
    /// <summary>The time of a request, in whole microseconds: what every kind of store keeps, so that the first answer and its repetition agree.</summary>
    public static DateTimeOffset Now(TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        return now.AddTicks(-(now.Ticks % TimeSpan.TicksPerMicrosecond));
    }

    /// <summary>Compares a request with what was accepted under its id before.</summary>
    /// <param name="earlier">What was; null if the id is new.</param>
    /// <param name="fingerprint">Of the request (<see cref="ServiceDefaults.Fingerprint"/>).</param>
    /// <param name="now">The time of this request.</param>
    public static Acceptance Of(Earlier? earlier, byte[] fingerprint, DateTimeOffset now) => earlier switch
    {
        null => new(Outcome.Accepted, now),
        { Fingerprint: null } => new(Outcome.Duplicate, earlier.AcceptedAt),
        { Fingerprint: var before } => new(before.AsSpan().SequenceEqual(fingerprint) ? Outcome.Duplicate : Outcome.Conflict, earlier.AcceptedAt),
    };

    /// <summary>Decides within a unit of work, which the store runs one after the other: of all requests with one id, one does the work.</summary>
    /// <param name="earlier">What the unit found under the id; null if nothing.</param>
    /// <param name="fingerprint">Of the request.</param>
    /// <param name="now">The time of this request.</param>
    /// <param name="work">Keeps the fingerprint under the id, and does what is to be done once.</param>
    public static async ValueTask<Acceptance> DecideAsync(Earlier? earlier, byte[] fingerprint, DateTimeOffset now, Func<Task> work)
    {
        var acceptance = Of(earlier, fingerprint, now);
        if (acceptance.Outcome == Outcome.Accepted)
        {
            await work();
        }

        return acceptance;
    }

    /// <summary>202 with Location, 200 with the first result, or 409 that names the id.</summary>
    /// <param name="what">What has the id, e.g. "Order".</param>
    /// <param name="id">The id.</param>
    /// <param name="location">Where it is found.</param>
    /// <param name="answer">The answer for <see cref="AcceptedAt"/>.</param>
    public IResult ToAnswer<TAnswer>(string what, string id, string location, TAnswer answer) => Outcome switch
    {
        Outcome.Accepted => TypedResults.Accepted(location, answer),
        Outcome.Duplicate => TypedResults.Ok(answer),
        _ => Problems.Conflict($"{what} '{id}' was accepted before with another body. Use another id, or send the same body again."),
    };
}
