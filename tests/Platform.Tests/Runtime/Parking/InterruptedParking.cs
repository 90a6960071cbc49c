using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using FlowPlatform.Stores;

namespace FlowPlatform.Tests.Runtime.Parking;

/// <summary>What is parked, as a process sees it that stands still for a while before it reads events.</summary>
[SuppressMessage("Performance", "CA1852:Seal internal types", Justification = "The proxy is derived from it.")]
internal class InterruptedParking : DispatchProxy
{
    private IParking inner = null!;
    private CrashingStore store = null!;

    public static IParking Of(IParking inner, CrashingStore store)
    {
        var proxy = Create<IParking, InterruptedParking>();
        var interrupted = (InterruptedParking)(object)proxy;
        (interrupted.inner, interrupted.store) = (inner, store);
        return proxy;
    }

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) =>
        targetMethod!.Name == nameof(IParking.ReadEventsAsync) ? ReadEventsAsync((ParkedPlace)args![0]!, (long)args[1]!, (int)args[2]!, (CancellationToken)args[3]!) : targetMethod.Invoke(inner, args);

    private async Task<IReadOnlyList<ParkedEvent>> ReadEventsAsync(ParkedPlace place, long after, int max, CancellationToken cancellationToken)
    {
        if (store.BeforeEvents is { } others)
        {
            store.BeforeEvents = null;
            await others();
        }

        return await inner.ReadEventsAsync(place, after, max, cancellationToken);
    }
}
