using System.Data.Common;

namespace FlowPlatform.Simulation;

/// <summary>Rows of numbers, in whichever store a handler is called with: a statement for each read and each write.</summary>
internal interface IRows
{
    public static IRows Of(DbConnection connection) => connection is SimulatedConnection simulated ? new SimulatedRows(simulated) : new SqlRows(connection);

    ValueTask<long> ReadAsync(string name);

    ValueTask WriteAsync(string name, long value);
}

internal static class RowsExtensions
{
    public static async ValueTask AddAsync(this IRows rows, string name, long amount) => await rows.WriteAsync(name, await rows.ReadAsync(name) + amount);

    /// <summary>A number that tells in which order, and how often each, everything was applied.</summary>
    public static async ValueTask ChainAsync(this IRows rows, string name, string id) => await rows.WriteAsync(name, Link(await rows.ReadAsync(name), id));

    public static long Link(long chain, string id)
    {
        foreach (var letter in id)
        {
            chain = unchecked((chain * 1_000_003) + letter);
        }

        return chain;
    }
}

internal sealed class SimulatedRows(SimulatedConnection connection) : IRows
{
    public async ValueTask<long> ReadAsync(string name)
    {
        await connection.StatementAsync();
        return connection.Working.Values.GetValueOrDefault(name);
    }

    public async ValueTask WriteAsync(string name, long value)
    {
        await connection.StatementAsync();
        connection.Working = connection.Working with { Values = connection.Working.Values.SetItem(name, value) };
    }
}
