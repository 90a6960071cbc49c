using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>
/// The connection of a transaction: it sees what is committed and what it has changed itself, statement by statement; rows that it changes are its own until it ends.
/// </summary>
internal sealed class SimulatedConnection : DbConnection
{
    private readonly Database database;
    private readonly List<Func<Snapshot, Snapshot>> changes = [];
    private Snapshot basis;
    private Snapshot view;

    public SimulatedConnection(Database database, Lane lane)
    {
        this.database = database;
        Lane = lane;
        basis = view = database.Current;
    }

    public Lane Lane { get; }

    /// <summary>What it holds or waits for.</summary>
    public List<Row> Rows { get; } = [];

    /// <summary>Ids of events that it adds to the outbox.</summary>
    public List<string> Placed { get; } = [];

    /// <summary>The database has ended it, as one that idles too long, or one whose process is gone.</summary>
    public bool Ended { get; private set; }

    /// <summary>Names of the service's rows that it has written.</summary>
    public HashSet<string> Written { get; } = new(StringComparer.Ordinal);

    /// <summary>For a mutation: values are read as of then.</summary>
    public Snapshot? Stale { get; init; }

    /// <summary>What it sees.</summary>
    public Snapshot View
    {
        get
        {
            if (basis != database.Current)
            {
                basis = view = database.Current;
                foreach (var change in changes)
                {
                    view = change(view);
                }
            }

            return view;
        }
    }

    [AllowNull]
    public override string ConnectionString { get; set; } = "";

    public override string Database => database.Name;

    public override string DataSource => "";

    public override string ServerVersion => "";

    public override ConnectionState State => ConnectionState.Open;

    /// <summary>A statement that reads. Between two statements anything can happen.</summary>
    /// <exception cref="StoreBusyException">The transaction has been ended meanwhile.</exception>
    public async ValueTask<Snapshot> ReadAsync()
    {
        await database.Machine.PauseAsync();
        RequireOpen();
        return View;
    }

    /// <summary>A statement that changes a row: it waits for the row, then sees it as it is.</summary>
    public async ValueTask<Snapshot> LockAsync(Row row)
    {
        await database.Machine.PauseAsync();
        RequireOpen();
        await database.LockAsync(this, row);
        RequireOpen();
        return View;
    }

    /// <summary>What the statement changes. It is applied anew to what others commit meanwhile, in other rows.</summary>
    public void Change(Func<Snapshot, Snapshot> change)
    {
        var before = View;
        changes.Add(change);
        view = change(before);
    }

    /// <summary>The end, with or without a commit before.</summary>
    public void End()
    {
        Ended = true;
        database.End(this);
    }

    public void RequireOpen()
    {
        if (Ended)
        {
            throw new StoreBusyException("The simulated database has ended the transaction.");
        }
    }

    public override void ChangeDatabase(string databaseName) => throw new NotSupportedException();

    public override void Close()
    {
    }

    public override void Open()
    {
    }

    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel) => throw new NotSupportedException();

    protected override DbCommand CreateDbCommand() => throw new NotSupportedException("The simulated store has no SQL.");
}
