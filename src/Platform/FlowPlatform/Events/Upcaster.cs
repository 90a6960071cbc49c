using System.Collections.Concurrent;
using System.Reflection;

namespace FlowPlatform.Events;

/// <summary>One step from an old version of an event to a newer one: see <see cref="IUpcast{TNext}"/>.</summary>
internal sealed class Upcaster
{
    private static readonly ConcurrentDictionary<Assembly, ILookup<Type, Upcaster>> Known = new();

    private Upcaster(Type from, Type to) => (From, To) = (from, to);

    /// <summary>The old version.</summary>
    public Type From { get; }

    /// <summary>The newer one.</summary>
    public Type To { get; }

    /// <summary>Runs it.</summary>
    // By covariance every IUpcast<T> is an IUpcast<object>: no reflection per event.
    public static object? Run(object value) => ((IUpcast<object>)value).Upcast();

    /// <summary>Decoders of a type's own events and of those of all older versions that lead to it.</summary>
    /// <exception cref="ArgumentException">The type is no event, or an upcaster in its assembly is declared wrongly.</exception>
    public static IReadOnlyList<EventDecoder> DecodersOf(Type type)
    {
        var decoders = new List<EventDecoder>();
        Collect(type, []);
        return decoders;

        // Versions rise with every step, so that this ends.
        void Collect(Type at, IReadOnlyList<Upcaster> onward)
        {
            decoders.Add(new EventDecoder(EventType.Of(at), onward));
            foreach (var step in Known.GetOrAdd(type.Assembly, Find)[at])
            {
                Collect(step.From, [step, .. onward]);
            }
        }
    }

    /// <summary>The upcaster of a type that implements <see cref="IUpcast{TNext}"/>.</summary>
    /// <exception cref="ArgumentException">It is declared wrongly.</exception>
    public static Upcaster Of(Type from)
    {
        if (TargetsOf(from).ToList() is not [var to])
        {
            throw new ArgumentException($"{from.Name} implements IUpcast more than once: an event is upcast to one version, the next.");
        }

        var (old, next) = (EventType.Of(from).Name, EventType.Of(to).Name);
        if (to.Assembly != from.Assembly)
        {
            throw new ArgumentException($"{from.Name} upcasts to {to.Name}, which is in another assembly: keep the versions of {old} together.");
        }

        return EventName.TryParse(old, out var before) && EventName.TryParse(next, out var after) && before.Value.Stem == after.Value.Stem && before.Value.Version < after.Value.Version
            ? new Upcaster(from, to)
            : throw new ArgumentException($"{from.Name} ({old}) can't be upcast to {to.Name} ({next}): that must be a higher version of the same event.");
    }

    private static ILookup<Type, Upcaster> Find(Assembly assembly) => assembly.GetTypes()
        .Where(type => type is { IsAbstract: false, IsGenericTypeDefinition: false } && TargetsOf(type).Any())
        .Select(Of)
        .ToLookup(upcaster => upcaster.To);

    private static IEnumerable<Type> TargetsOf(Type type) =>
        type.GetInterfaces().Where(contract => contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(IUpcast<>)).Select(contract => contract.GetGenericArguments()[0]);
}
