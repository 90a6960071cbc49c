using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Consumers;

/// <summary>A fold by key: see <see cref="Projection.FoldBy{TKey, TState}"/>. Configure it in the projection's constructor only.</summary>
public sealed class Fold<TKey, TState> : IFold
    where TKey : notnull
    where TState : class, new()
{
    private readonly Func<IStoreScope, IReadOnlyCollection<TKey>, Task<IEnumerable<KeyValuePair<TKey, TState>>>> load;
    private readonly Func<IStoreScope, IReadOnlyCollection<KeyValuePair<TKey, TState>>, Task> save;
    private readonly HandlerTable<Step> steps = new();

    internal Fold(
        Func<IStoreScope, IReadOnlyCollection<TKey>, Task<IEnumerable<KeyValuePair<TKey, TState>>>> load,
        Func<IStoreScope, IReadOnlyCollection<KeyValuePair<TKey, TState>>, Task> save)
    {
        this.load = load;
        this.save = save;
    }

    /// <summary>Folds one type of event into the state of one key.</summary>
    public Fold<TKey, TState> On<TEvent>(Func<TEvent, LogRecord, TKey> key, Action<TState, TEvent, LogRecord> apply)
        where TEvent : class => OnMany<TEvent>((@event, record) => [key(@event, record)], (state, _, @event, record) => apply(state, @event, record));

    /// <summary>Folds one type of event into the states of several keys, e.g. of all products of an order. A key that comes twice is applied once.</summary>
    public Fold<TKey, TState> OnMany<TEvent>(Func<TEvent, LogRecord, IEnumerable<TKey>> keys, Action<TState, TKey, TEvent, LogRecord> apply)
        where TEvent : class
    {
        if (!steps.TryAdd(typeof(TEvent), new Step(
            (@event, record) => keys((TEvent)@event, record).Distinct(),
            (state, key, @event, record) => apply(state, key, (TEvent)@event, record))))
        {
            throw new InvalidOperationException($"A fold takes {EventType.Of(typeof(TEvent)).Name} twice.");
        }

        return this;
    }

    IEnumerable<string> IFold.Handled => steps.Handled;

    IEnumerable<string> IFold.Accepted => steps.Accepted;

    bool IFold.Takes(string type) => steps.Takes(type);

    EventDecoder? IFold.DecoderOf(string type) => steps.TryFind(type, out var route) ? route.Decoder : null;

    async Task IFold.ApplyAsync(IStoreScope scope, FoldInput input)
    {
        var touched = new List<(TKey Key, Step Step, object Event, LogRecord Record)>();
        foreach (var record in input.Records)
        {
            if (steps.TryFind(record.Event.Type, out var route))
            {
                var @event = input.Read(record, route.Decoder);
                foreach (var key in route.Handler.Keys(@event, record))
                {
                    touched.Add((key, route.Handler, @event, record));
                }
            }
        }

        if (touched.Count == 0)
        {
            return;
        }

        var keys = touched.Select(item => item.Key).ToHashSet();
        var states = (await load(scope, keys)).ToDictionary();
        foreach (var (key, step, @event, record) in touched)
        {
            if (!states.TryGetValue(key, out var state))
            {
                states[key] = state = new TState();
            }

            step.Apply(state, key, @event, record);
        }

        await save(scope, states);
    }

    private sealed record Step(Func<object, LogRecord, IEnumerable<TKey>> Keys, Action<TState, TKey, object, LogRecord> Apply);
}

/// <summary>A fold without its types.</summary>
internal interface IFold
{
    IEnumerable<string> Handled { get; }

    IEnumerable<string> Accepted { get; }

    bool Takes(string type);

    EventDecoder? DecoderOf(string type);

    Task ApplyAsync(IStoreScope scope, FoldInput input);
}

/// <summary>The events of a batch for the folds: each is read once for every version that folds take it as, however many they are.</summary>
internal sealed class FoldInput
{
    private readonly Dictionary<(PartitionId, long, Type), object> parsed = [];

    public FoldInput(IReadOnlyList<LogRecord> records, Func<string, bool> taken) => Records = [.. records.Where(record => taken(record.Event.Type))];

    public IReadOnlyList<LogRecord> Records { get; }

    public object Read(in LogRecord record, EventDecoder decoder)
    {
        var place = (record.Partition, record.Offset, decoder.Result);
        if (!parsed.TryGetValue(place, out var @event))
        {
            parsed[place] = @event = decoder.Read(record.Event);
        }

        return @event;
    }
}
