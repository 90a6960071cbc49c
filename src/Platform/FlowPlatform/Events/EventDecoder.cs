using System.Text.Json;
using FlowPlatform.Log;

namespace FlowPlatform.Events;

/// <summary>Reads stored events of one type as objects of the version that a handler takes. Immutable; safe for concurrent use.</summary>
/// <param name="stored">The type as stored.</param>
/// <param name="upcasters">What is to be gone through, in order; none where the handler takes the stored version.</param>
internal sealed class EventDecoder(EventType stored, IReadOnlyList<Upcaster> upcasters)
{
    /// <summary>Name of the stored type.</summary>
    public string Name => stored.Name;

    /// <summary>How many versions lie between the stored one and the handler's.</summary>
    public int Distance => upcasters.Count;

    /// <summary>The CLR type of what is stored.</summary>
    public Type Stored => stored.ClrType;

    /// <summary>The CLR type of what comes out.</summary>
    public Type Result => upcasters.Count == 0 ? stored.ClrType : upcasters[^1].To;

    /// <exception cref="EventDecodingException">The event is not what the contract says, or an upcaster failed.</exception>
    public object Read(EventEnvelope @event)
    {
        object value;
        try
        {
            value = FlowJson.Deserialize(@event.Data.Span, stored.ClrType);
        }
        catch (JsonException fault)
        {
            // Converters of our own say what is wrong, and leave it to the path to say where.
            var place = fault.Path is { } path && !fault.Message.Contains(path, StringComparison.Ordinal) ? $" Path: {path}." : "";
            throw new EventDecodingException(@event, fault.Message + place, fault);
        }

        foreach (var upcaster in upcasters)
        {
            value = Upcast(upcaster, value, @event);
        }

        return value;
    }

    private static object Upcast(Upcaster upcaster, object value, EventEnvelope @event)
    {
        try
        {
            return Upcaster.Run(value) ?? throw new InvalidOperationException("It returned null.");
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            throw new EventDecodingException(@event, $"{upcaster.From.Name}.Upcast() to {upcaster.To.Name} failed with {fault.GetType().Name}: {fault.Message}", fault);
        }
    }
}
