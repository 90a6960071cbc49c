using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;

namespace FlowPlatform.Simulation;

/// <summary>The connection of a transaction of the simulated store: handlers read and write <see cref="Working"/>, statement by statement.</summary>
internal sealed class SimulatedConnection(Machine machine, Snapshot working, Func<bool> doomed) : DbConnection
{
    public Snapshot Working { get; set; } = working;

    [AllowNull]
    public override string ConnectionString { get; set; } = "";

    public override string Database => "";

    public override string DataSource => "";

    public override string ServerVersion => "";

    public override ConnectionState State => ConnectionState.Open;

    /// <summary>Between two statements anything can happen.</summary>
    public async ValueTask StatementAsync()
    {
        await machine.PauseAsync();
        if (doomed())
        {
            throw new Stores.StoreBusyException("The simulated database has ended the transaction.");
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
