using System.Diagnostics.CodeAnalysis;
using FlowPlatform.Events;

namespace FlowPlatform.Consumers;

/// <summary>
/// Which handler takes a stored event: that of its own version, else that of the nearest newer version which upcasters lead to. Filled in constructors; then safe for concurrent reads.
/// </summary>
internal sealed class HandlerTable<THandler>
    where THandler : class
{
    private readonly Dictionary<string, Route> routes = new(StringComparer.Ordinal);

    /// <summary>Names of the versions that have a handler of their own.</summary>
    public IEnumerable<string> Handled => routes.Values.Where(route => route.Decoder.Distance == 0).Select(route => route.Decoder.Name);

    /// <summary>Those, and the older versions that lead to them.</summary>
    public IReadOnlyCollection<string> Accepted => routes.Keys;

    /// <summary>Adds a handler.</summary>
    /// <returns>False if the type has one already.</returns>
    public bool TryAdd(Type eventType, THandler handler)
    {
        foreach (var decoder in Upcaster.DecodersOf(eventType))
        {
            var known = routes.TryGetValue(decoder.Name, out var route);
            if (known && decoder.Distance == 0 && route!.Decoder.Distance == 0)
            {
                return false;
            }

            if (!known || decoder.Distance < route!.Decoder.Distance)
            {
                routes[decoder.Name] = new Route(decoder, handler);
            }
        }

        return true;
    }

    public bool Takes(string type) => routes.ContainsKey(type);

    public bool TryFind(string type, [NotNullWhen(true)] out Route? route) => routes.TryGetValue(type, out route);

    /// <summary>How a stored event is read, and who takes it then.</summary>
    internal sealed record Route(EventDecoder Decoder, THandler Handler);
}
