namespace FlowPlatform.Stores;

/// <summary>
/// How many rows the outbox holds that the log has not confirmed, and how many it may hold before decisions from outside are refused. Kept in memory, so that a decision costs one
/// read of a field. Safe for concurrent use.
/// </summary>
/// <param name="limit">The most rows; see <see cref="Limit"/>.</param>
public sealed class OutboxRoom(long limit = OutboxRoom.DefaultLimit)
{
    /// <summary>
    /// 500,000: about 1 GB at 2 KB a row (an order of 21 lines), seven hours without a broker at 20 orders/s, and a minute's work for the relay when it is back.
    /// </summary>
    public const long DefaultLimit = 500_000;

    private long unconfirmed;

    /// <summary>
    /// A decision from outside (one without a cause) that finds so many rows or more is refused. What reactors and commands decide is not: it is bounded by what has been read from
    /// the log, and refusing it could make the flow wait for itself. One group commit (20 ms of decisions, or one batch) may go over it.
    /// </summary>
    public long Limit { get; } = limit > 0 ? limit : throw new ArgumentOutOfRangeException(nameof(limit), limit, "At least one row.");

    /// <summary>Rows that the log has not confirmed, as far as it is written down (at most 200 ms ago).</summary>
    public long Unconfirmed => Volatile.Read(ref unconfirmed);

    /// <summary>Refuses where there is no room.</summary>
    /// <exception cref="OutboxFullException">There are as many unconfirmed rows as there may be.</exception>
    public void Require()
    {
        var rows = Unconfirmed;
        if (rows >= Limit)
        {
            throw new OutboxFullException(rows, Limit);
        }
    }

    /// <summary>Rows were committed; called by stores.</summary>
    public void Add(long rows) => Interlocked.Add(ref unconfirmed, rows);

    /// <summary>The rows were counted; called by stores where nothing can be committed at the same time.</summary>
    public void Set(long rows) => Volatile.Write(ref unconfirmed, rows);
}

/// <summary>The outbox has no room for decisions from outside, because the log can't be reached or doesn't keep up. Nothing was done; send the same again later.</summary>
public sealed class OutboxFullException : FlowException
{
    /// <summary>Creates it.</summary>
    public OutboxFullException(long unconfirmed, long limit)
        : base($"The outbox is full: {unconfirmed:N0} events wait for the log, and {limit:N0} may (FLOW_OUTBOX_LIMIT). Nothing was done; send the same again later.")
    {
        Unconfirmed = unconfirmed;
        Limit = limit;
    }

    /// <summary>Rows that the log has not confirmed.</summary>
    public long Unconfirmed { get; }

    /// <summary>The most rows there may be.</summary>
    public long Limit { get; }
}
