using System.Data.Common;
using Dapper;

namespace FlowPlatform.Simulation;

/// <summary>The same on SQL; a process may be killed before each statement.</summary>
internal sealed class SqlRows(DbConnection connection) : IRows
{
    public async ValueTask<long> ReadAsync(string name)
    {
        CrashPoint.Pass();
        return await connection.QuerySingleOrDefaultAsync<long>("SELECT value FROM number WHERE name = @name", new { name });
    }

    public async ValueTask WriteAsync(string name, long value)
    {
        CrashPoint.Pass();
        await connection.ExecuteAsync("INSERT INTO number (name, value) VALUES (@name, @value) ON CONFLICT (name) DO UPDATE SET value = excluded.value", new { name, value });
    }
}
