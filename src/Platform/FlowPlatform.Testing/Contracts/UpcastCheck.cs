using FlowPlatform.Events;

namespace FlowPlatform.Testing.Contracts;

/// <summary>Runs the upcasters of an event's version, one after the other.</summary>
internal static class UpcastCheck
{
    /// <exception cref="FlowTestException">One changes the key, or doesn't give the same every time.</exception>
    public static void ThrowIfUnsound(object @event)
    {
        while (@event is IUpcast<object> old)
        {
            var (from, next) = (EventType.Of(@event.GetType()), old.Upcast());
            var to = EventType.Of(next.GetType());
            if (from.KeyOf(@event) != to.KeyOf(next))
            {
                throw new FlowTestException($"{from.Name} has the key '{from.KeyOf(@event)}', and upcast to {to.Name} it has '{to.KeyOf(next)}': the event stays in the partition of the old one, so the order of its key is lost.");
            }

            if (!FlowJson.Serialize(next).AsSpan().SequenceEqual(FlowJson.Serialize(old.Upcast())))
            {
                throw new FlowTestException($"{from.Name} upcast to {to.Name} differs from time to time: an upcaster is a function of the event alone, with no clock, chance or new ids.");
            }

            @event = next;
        }
    }
}
