using System.Diagnostics;
using System.Text;
using FlowPlatform.Events;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Telemetry;

namespace FlowPlatform.Consumers;

/// <summary>Base of what folds events: <see cref="Projection"/> and <see cref="Reactor"/>. Handlers are registered in the constructor and never after it.</summary>
public abstract class Consumer
{
    private readonly HandlerTable<Func<StoreTransaction, LogRecord, object, ValueTask>> handlers = new();
    private readonly Lazy<HandledVersions> versions;

    private protected Consumer()
    {
        Name = Kebab(GetType().Name);
        versions = new Lazy<HandledVersions>(() => new HandledVersions(Name, Handles));
    }

    /// <summary>Name of the consumer: the type's name in kebab-case, e.g. <c>stock-levels</c>. It names checkpoints and files: don't rename the type lightly.</summary>
    public string Name { get; }

    /// <summary>Most events in one transaction; default 2,000.</summary>
    public int MaxBatch { get; protected init; } = 2_000;

    /// <summary>
    /// What happens at an event that can't be applied, after <see cref="MaxAttempts"/>: true, the default, parks it; later events of its key wait behind it in order, all other keys flow on,
    /// and an operator redrives or discards. False stops the consumer there. Set it to false where events of several keys make one result, such as a window.
    /// </summary>
    public bool Parks { get; protected init; } = true;

    /// <summary>How often an event is tried, alone, before it is parked or stops the consumer; default 4, which takes about 0.6 s. Faults of the store that pass don't count.</summary>
    public int MaxAttempts { get; protected init; } = 4;

    /// <summary>Most keys that may be parked; default 100. One more stops the consumer: so many failures are one fault of the program or of its surroundings.</summary>
    public int MaxParkedKeys { get; protected init; } = 100;

    /// <summary>Most events that may wait behind parked keys; default 10,000. One more stops the consumer.</summary>
    public int MaxParkedEvents { get; protected init; } = 10_000;

    /// <summary>Names of the event types that have a handler.</summary>
    public virtual IReadOnlyCollection<string> Handles => [.. handlers.Handled];

    /// <summary>Names of the event types that it takes: those, and the older versions that upcasters lead to them from (<see cref="IUpcast{TNext}"/>).</summary>
    public virtual IReadOnlyCollection<string> Accepts => handlers.Accepted;

    private protected void Register<TEvent>(Func<StoreTransaction, LogRecord, TEvent, ValueTask> handle)
        where TEvent : class
    {
        if (!handlers.TryAdd(typeof(TEvent), (transaction, record, @event) => handle(transaction, record, (TEvent)@event)))
        {
            throw new InvalidOperationException($"{GetType().Name} handles {EventType.Of(typeof(TEvent)).Name} twice.");
        }
    }

    /// <summary>True if such an event is not simply skipped: some handler takes it, or it is an unknown version of what one takes.</summary>
    internal bool Wants(LogRecord record) => Takes(record.Event.Type) || versions.Value.HasAnother(record.Event.Type);

    /// <summary>True if it declares the keys that events touch (rule C6).</summary>
    internal virtual bool IsKeyed => false;

    /// <summary>The keys that these events touch; null if it doesn't declare them.</summary>
    internal virtual IReadOnlyCollection<string>? KeysOf(IReadOnlyList<LogRecord> records) => null;

    /// <summary>Applies events in order, inside the consumer's transaction. Types without a handler are skipped.</summary>
    /// <exception cref="UnknownEventVersionException">An event is of an unknown version of what the consumer handles.</exception>
    /// <exception cref="EventDecodingException">An event can't be read.</exception>
    internal virtual async ValueTask ApplyAsync(StoreTransaction transaction, IReadOnlyList<LogRecord> records, BatchTrace? trace = null)
    {
        var outer = trace is null ? null : Activity.Current;
        for (var index = 0; index < records.Count; index++)
        {
            var record = records[index];
            if (handlers.TryFind(record.Event.Type, out var route))
            {
                trace?.Enter(index, transaction);
                await route.Handler(transaction, record, route.Decoder.Read(record.Event));
            }
            else if (versions.Value.HasAnother(record.Event.Type) && !Takes(record.Event.Type))
            {
                throw versions.Value.Unknown(record.Event.Type);
            }
        }

        if (trace is not null)
        {
            Activity.Current = outer;
        }
    }

    private protected virtual bool Takes(string type) => handlers.Takes(type);

    /// <summary>How a stored event of that type is read, by each handler that takes it.</summary>
    internal virtual IEnumerable<EventDecoder> DecodersOf(string type) => handlers.TryFind(type, out var route) ? [route.Decoder] : [];

    /// <summary>The name of a consumer of that type.</summary>
    internal static string NameOf(Type type) => Kebab(type.Name);

    private protected static string Kebab(string name)
    {
        var text = new StringBuilder(name.Length + 8);
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && text.Length > 0)
            {
                text.Append('-');
            }

            text.Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }
}

/// <summary>
/// A pure fold of streams into tables of its own, in a database of its own. Its result may depend only on the order within each partition (rule C5): upserts, columns owned by
/// one stream, sums, monotone ranks. No clock but event time, no I/O but its tables; therefore it can be rebuilt and verified.
/// </summary>
public abstract class Projection : Consumer
{
    private readonly List<IFold> folds = [];

    /// <summary>Handles one type of event with SQL.</summary>
    protected void On<TEvent>(Func<TEvent, ProjectionContext, Task> handle)
        where TEvent : class =>
        Register<TEvent>((transaction, record, @event) => new(handle(@event, new ProjectionContext(transaction.Connection, record))));

    /// <summary>
    /// Folds by key, the fast form: the keys of a batch are loaded once, folded in memory, and each is written once. Add the events with <see cref="Fold{TKey, TState}.On{TEvent}"/>.
    /// </summary>
    /// <param name="load">Reads the states that exist among the keys.</param>
    /// <param name="save">Writes the states that were touched.</param>
    protected Fold<TKey, TState> FoldBy<TKey, TState>(
        Func<IStoreScope, IReadOnlyCollection<TKey>, Task<IEnumerable<KeyValuePair<TKey, TState>>>> load,
        Func<IStoreScope, IReadOnlyCollection<KeyValuePair<TKey, TState>>, Task> save)
        where TKey : notnull
        where TState : class, new()
    {
        var fold = new Fold<TKey, TState>(load, save);
        folds.Add(fold);
        return fold;
    }

    /// <inheritdoc />
    public sealed override IReadOnlyCollection<string> Handles => [.. base.Handles.Concat(folds.SelectMany(fold => fold.Handled)).Distinct(StringComparer.Ordinal)];

    /// <inheritdoc />
    public sealed override IReadOnlyCollection<string> Accepts => [.. base.Accepts.Concat(folds.SelectMany(fold => fold.Accepted)).Distinct(StringComparer.Ordinal)];

    /// <inheritdoc />
    internal override async ValueTask ApplyAsync(StoreTransaction transaction, IReadOnlyList<LogRecord> records, BatchTrace? trace = null)
    {
        await base.ApplyAsync(transaction, records, trace);
        if (folds.Count > 0)
        {
            var events = new FoldInput(records, FoldsTake);
            foreach (var fold in folds)
            {
                await fold.ApplyAsync(transaction, events);
            }
        }
    }

    private protected override bool Takes(string type) => base.Takes(type) || FoldsTake(type);

    /// <inheritdoc />
    internal override IEnumerable<EventDecoder> DecodersOf(string type) => base.DecodersOf(type).Concat(folds.Select(fold => fold.DecoderOf(type)).OfType<EventDecoder>());

    private bool FoldsTake(string type) => folds.Exists(fold => fold.Takes(type));
}

/// <summary>
/// Consumes, decides, emits events and sends commands; state, checkpoint, outbox rows and commands commit together, in the service's main store.
/// Serial: one order over all its partitions, and one replica for them all; unless every handler is registered with the keys of the state that it touches (rule C6). Then the store locks a batch's keys, sorted,
/// before its first handler, replicas share the reactor's partitions, and decisions about other keys run beside it.
/// </summary>
public abstract class Reactor : Consumer
{
    private readonly HandlerTable<Func<object, IEnumerable<string>>> keys = new();

    /// <summary>Creates a reactor; batches are at most 200 events, since HTTP decisions wait behind them (rule P6).</summary>
    protected Reactor() => MaxBatch = 200;

    /// <summary>Decides about one type of event.</summary>
    protected void On<TEvent>(Func<TEvent, ReactorContext, Task> handle)
        where TEvent : class =>
        Register<TEvent>((transaction, record, @event) => new(handle(@event, new ReactorContext(transaction, record, CauseOf(transaction, record)))));

    /// <summary>Decides about one type of event, and says which keys of the reactor's state that touches. All handlers of a reactor are registered so, or none.</summary>
    /// <param name="handle">Decides. It reads and writes only rows that the keys stand for: what others read or write at the same time is not seen in one order.</param>
    /// <param name="touches">The keys, from the event alone, such as an order's id: any text, in any order, repeated or not. Code that changes the same rows elsewhere, such as an HTTP decision, takes
    /// the same keys with <see cref="IStore.WriteAsync{T}(IReadOnlyCollection{string}, Func{StoreTransaction, ValueTask{T}}, CancellationToken)"/>, or takes the whole store.</param>
    protected void On<TEvent>(Func<TEvent, ReactorContext, Task> handle, Func<TEvent, IEnumerable<string>> touches)
        where TEvent : class
    {
        On(handle);
        keys.TryAdd(typeof(TEvent), @event => touches((TEvent)@event));
    }

    /// <inheritdoc />
    /// <exception cref="InvalidOperationException">Some handlers have keys and some have not.</exception>
    internal override bool IsKeyed => keys.Accepted.Count == 0 ? false
        : keys.Accepted.Count == Accepts.Count ? true
        : throw new InvalidOperationException($"{GetType().Name} declares what {string.Join(", ", keys.Handled)} touches, but not {string.Join(", ", Handles.Except(keys.Handled))}: declare it for all or none.");

    /// <inheritdoc />
    internal override IReadOnlyCollection<string>? KeysOf(IReadOnlyList<LogRecord> records)
    {
        if (!IsKeyed)
        {
            return null;
        }

        var touched = new HashSet<string>(StringComparer.Ordinal);
        foreach (var record in records)
        {
            if (keys.TryFind(record.Event.Type, out var route))
            {
                touched.UnionWith(route.Handler(route.Decoder.Read(record.Event)));
            }
        }

        return touched;
    }

    private Cause CauseOf(StoreTransaction transaction, LogRecord record)
    {
        var context = transaction.Handling ?? new TraceContext(record.Event.TraceParent, record.Event.TraceState);
        return new Cause(Name, record.Event.Id, record.Event.Time) { CorrelationId = record.Event.CorrelationId, TraceParent = context.Parent, TraceState = context.State };
    }
}
