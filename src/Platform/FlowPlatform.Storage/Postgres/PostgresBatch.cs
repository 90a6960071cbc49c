using Npgsql;

namespace FlowPlatform.Storage.Postgres;

/// <summary>Statements without results that run in one round trip: one for each parameter object of a list. Not safe for concurrent use.</summary>
internal sealed class PostgresBatch(PostgresConnection connection) : IDisposable
{
    private readonly NpgsqlBatch batch = connection.Inner.CreateBatch();

    /// <summary>Takes a command's text and parameters over.</summary>
    public void Add(NpgsqlCommand command)
    {
        var added = new NpgsqlBatchCommand(command.CommandText);
        var parameters = command.Parameters.ToArray();
        command.Parameters.Clear();
        foreach (var parameter in parameters)
        {
            added.Parameters.Add(parameter);
        }

        batch.BatchCommands.Add(added);
    }

    /// <summary>Runs what was collected.</summary>
    /// <returns>Rows affected.</returns>
    public async Task<int> RunAsync()
    {
        connection.EndCollecting();
        if (batch.BatchCommands.Count == 0)
        {
            return 0;
        }

        try
        {
            return await batch.ExecuteNonQueryAsync();
        }
        catch (Exception fault)
        {
            var told = connection.Translate(fault);
            if (ReferenceEquals(told, fault))
            {
                throw;
            }

            throw told;
        }
    }

    public void Dispose()
    {
        connection.EndCollecting();
        batch.Dispose();
    }
}
