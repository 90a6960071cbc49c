namespace FlowPlatform.Dashboard.Storage;

/// <summary>The tables of a signal, for its one writer. Not safe for concurrent use.</summary>
internal interface ISignalTables<in TExport>
{
    /// <summary>Writes one export, in the transaction that is open, and counts what it does not keep.</summary>
    /// <param name="export">What came in.</param>
    /// <param name="now">When, in Unix nanoseconds.</param>
    /// <param name="count">Told of items and what became of them.</param>
    void Write(TExport export, long now, Action<Outcome, int> count);

    /// <summary>After the last export of the transaction that is open: writes what is written once for all of them.</summary>
    void Complete()
    {
    }

    /// <summary>Deletes some of the oldest, in the transaction that is open. What came in at or after a time stays.</summary>
    /// <returns>False if there was nothing to delete.</returns>
    bool TrimOldest(long receivedBefore);

    /// <summary>After a rollback, nothing that was remembered of the transaction holds.</summary>
    void Reset();
}
