using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Hosting;

/// <summary>
/// What the service's consumers have parked, and what operators want done with it (rule C7). Requests are rows: the owner of the partition, which may be another replica, executes them between its
/// batches, or at its next start if the consumer has stopped. Safe for concurrent use.
/// </summary>
public sealed class FlowParking
{
    /// <summary>Most keys or events in one answer.</summary>
    public const int MaxPage = 500;

    private readonly FlowDefinition definition;
    private readonly FlowRuntime runtime;
    private readonly IServiceStore main;
    private readonly TimeProvider clock;

    /// <summary>Creates it; called by the container.</summary>
    public FlowParking(FlowDefinition definition, FlowRuntime runtime, IServiceStore main, TimeProvider clock)
    {
        this.definition = definition;
        this.runtime = runtime;
        this.main = main;
        this.clock = clock;
    }

    /// <summary>Names of the service's consumers, in ordinal order.</summary>
    public IReadOnlyList<string> Consumers => [.. runtime.Loops.Select(loop => loop.Consumer.Name).Order(StringComparer.Ordinal)];

    /// <summary>Parked keys, by consumer, stream, partition and key.</summary>
    /// <param name="consumer">Of this consumer only; null: of all.</param>
    /// <param name="key">Of this key only; null: all.</param>
    /// <param name="after">Only those after this place; null: from the first.</param>
    /// <param name="max">At most so many; not over <see cref="MaxPage"/>.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="UnknownConsumerException">The service has no such consumer.</exception>
    public async Task<IReadOnlyList<ParkedKey>> ReadKeysAsync(string? consumer, string? key, ParkedPlace? after, int max, CancellationToken cancellationToken)
    {
        RequirePage(max);
        var keys = new List<ParkedKey>();
        foreach (var name in consumer is null ? Consumers : [Known(consumer)])
        {
            if (keys.Count < max && (after is not { } place || string.CompareOrdinal(name, place.Consumer) >= 0))
            {
                var query = new ParkedKeyQuery(name, max - keys.Count) { Key = key, After = after is { } passed && passed.Consumer == name ? passed : null };
                keys.AddRange(await ParkingOf(StoreOf(name)).ReadKeysAsync(query, cancellationToken));
            }
        }

        return keys;
    }

    /// <summary>A parked key; null if it is not parked.</summary>
    /// <exception cref="UnknownConsumerException">The service has no such consumer.</exception>
    public Task<ParkedKey?> FindKeyAsync(ParkedPlace place, CancellationToken cancellationToken) => ParkingOf(StoreOf(place.Consumer)).FindKeyAsync(place, cancellationToken);

    /// <summary>Events behind a parked key, in order.</summary>
    /// <param name="place">The key.</param>
    /// <param name="after">Only those with a higher number; 0 for all.</param>
    /// <param name="max">At most so many; not over <see cref="MaxPage"/>.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="UnknownConsumerException">The service has no such consumer.</exception>
    public Task<IReadOnlyList<ParkedEvent>> ReadEventsAsync(ParkedPlace place, long after, int max, CancellationToken cancellationToken)
    {
        RequirePage(max);
        return ParkingOf(StoreOf(place.Consumer)).ReadEventsAsync(place, after, max, cancellationToken);
    }

    /// <summary>What operators did, newest first.</summary>
    public Task<IReadOnlyList<AuditEntry>> ReadAuditAsync(string? consumer, long? before, int max, CancellationToken cancellationToken)
    {
        RequirePage(max);
        return Audit.ReadAsync(consumer, before, max, cancellationToken);
    }

    /// <summary>
    /// Asks the owners to redrive or discard. Returns when the requests are durable, not when they are executed. What was asked for before in the same way is among the answer; a key for which the
    /// opposite was asked is left alone.
    /// </summary>
    /// <param name="verb">What to do.</param>
    /// <param name="target">Which parked keys.</param>
    /// <param name="actor">Who asks.</param>
    /// <param name="reason">Why, for the audit.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The keys that are asked for now, in this way or in the other.</returns>
    /// <exception cref="UnknownConsumerException">The service has no such consumer.</exception>
    public async Task<IReadOnlyList<ParkedKey>> RequestAsync(ParkingVerb verb, ParkingTarget target, string actor, string? reason, CancellationToken cancellationToken)
    {
        var store = StoreOf(target.Consumer);
        var found = new List<ParkedKey>();
        ParkedPlace? after = null;
        while (true)
        {
            var query = new ParkedKeyQuery(target.Consumer, MaxPage) { Stream = target.Stream, Partition = target.Partition, Key = target.Key, After = after };
            var page = await ParkingOf(store).ReadKeysAsync(query, cancellationToken);
            foreach (var key in page)
            {
                await RequestAsync(store, key.Place, new ParkingRequest(Guid.CreateVersion7(clock.GetUtcNow()).ToString(), verb, actor, reason, clock.GetUtcNow(), target.EventId), cancellationToken);
                if (await ParkingOf(store).FindKeyAsync(key.Place, cancellationToken) is { Request: not null } asked)
                {
                    found.Add(asked);
                }
            }

            if (page.Count < MaxPage)
            {
                ParkingOf(store).Requested.Signal();
                return found;
            }

            after = page[^1].Place;
        }
    }

    /// <summary>The audit comes first: what was done must have been written down, while what was written down and not done can be asked for again.</summary>
    private async Task RequestAsync(IStore store, ParkedPlace place, ParkingRequest request, CancellationToken cancellationToken)
    {
        if (await ParkingOf(store).FindKeyAsync(place, cancellationToken) is not { Request: null })
        {
            return;
        }

        var entry = new AuditEntry(request.Id, request.At, request.Actor, request.Verb == ParkingVerb.Redrive ? "redrive" : "discard", request.Reason, request.EventId is { } id ? $"event {id}" : null)
        {
            Consumer = place.Consumer, Partition = place.Partition, Key = place.Key,
        };
        await main.WriteAsync(
            async transaction =>
            {
                await Audit.WriteAsync(transaction, entry);
                return true;
            },
            cancellationToken);
        await store.WriteAsync(transaction => ParkingOf(store).RequestAsync(transaction, place, request), cancellationToken);
    }

    private IAudit Audit => main.Audit ?? throw new NotSupportedException("The service's store can't park.");

    private static IParking ParkingOf(IStore store) => store.Parking ?? throw new NotSupportedException("The service's store can't park.");

    private IStore StoreOf(string consumer) => runtime.StoreOf(runtime.Loops.First(loop => loop.Consumer.Name == Known(consumer)).Consumer.GetType());

    private string Known(string consumer) => Consumers.Contains(consumer, StringComparer.Ordinal) ? consumer : throw new UnknownConsumerException(definition.Service, consumer, Consumers);

    private static void RequirePage(int max)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(max, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max, MaxPage);
    }
}

/// <summary>Parked keys that something is asked for.</summary>
/// <param name="Consumer">Name of the consumer.</param>
public sealed record ParkingTarget(string Consumer)
{
    /// <summary>Of this stream only; null: of all.</summary>
    public string? Stream { get; init; }

    /// <summary>Of this partition only; null: of all.</summary>
    public int? Partition { get; init; }

    /// <summary>This key only; null: all.</summary>
    public string? Key { get; init; }

    /// <summary>Of a discard: this event only; null: all that wait.</summary>
    public string? EventId { get; init; }
}

/// <summary>The service has no consumer of that name.</summary>
public sealed class UnknownConsumerException : FlowException
{
    /// <summary>Creates it.</summary>
    public UnknownConsumerException(string service, string consumer, IReadOnlyList<string> known)
        : base($"Service '{service}' has no consumer '{consumer}'; it has {(known.Count == 0 ? "none" : string.Join(", ", known))}.") => Consumer = consumer;

    /// <summary>The name that was given.</summary>
    public string Consumer { get; }
}
