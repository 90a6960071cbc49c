using FlowPlatform.Stores;
using Npgsql;

namespace FlowPlatform.Storage.Postgres;

/// <summary>Finds out whether a transaction committed whose connection ended before it could say so.</summary>
internal sealed class PostgresOutcome(PostgresSources sources, TimeProvider clock)
{
    /// <summary>Longer than a server takes to restart, and than it takes to notice that the transaction's client is gone.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    /// <returns>Null if it could not be found out in time.</returns>
    public async Task<bool?> FindAsync(string transactionId)
    {
        var started = clock.GetTimestamp();
        for (var attempt = 1; clock.GetElapsedTime(started) < Limit; attempt++)
        {
            try
            {
                switch (await AskAsync(transactionId))
                {
                    case "committed":
                        return true;
                    case "aborted":
                        return false;
                    case null:
                        return null;
                }
            }
            catch (StoreBusyException)
            {
                // Not reachable yet: asked again below, as while the transaction is in progress.
            }

            await Task.Delay(RetryDelay.After(attempt), clock, CancellationToken.None);
        }

        return null;
    }

    private async Task<string?> AskAsync(string transactionId)
    {
        await using var connection = await sources.OpenWriterAsync(CancellationToken.None);
        await using var command = new NpgsqlCommand("SELECT pg_xact_status($1::xid8)", connection.Inner) { Parameters = { new NpgsqlParameter<string> { TypedValue = transactionId } } };
        try
        {
            return await command.ExecuteScalarAsync() as string;
        }
        catch (PostgresException fault) when (fault.SqlState == PostgresErrorCodes.InvalidParameterValue)
        {
            // "In the future": this server never had it, because it was restored, or took over from another that had got further.
            return null;
        }
        catch (Exception fault)
        {
            throw PostgresFaults.Translate(fault, connection.IsBroken);
        }
    }
}
