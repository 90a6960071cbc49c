using Dapper;
using FlowPlatform.Stores;

namespace FlowPlatform.Storage.Sql;

/// <summary>Commands that were handled (rule M1).</summary>
internal static class SqlInbox
{
    public static async Task<bool> HasAsync(IStore main, Guid commandId, CancellationToken cancellationToken)
    {
        await using var connection = await main.OpenReadAsync(cancellationToken);
        return await connection.QuerySingleAsync<bool>("SELECT EXISTS (SELECT 1 FROM flow_inbox WHERE command_id = @id)", new { id = commandId.ToString() });
    }

    /// <returns>False if it is there already.</returns>
    public static async ValueTask<bool> TryAddAsync(StoreTransaction transaction, Guid commandId, string handler, TimeProvider clock)
    {
        // Its outbox row, if it is still there, goes with it; none is written for a command that the inbox has.
        await transaction.ExecuteAsync("DELETE FROM flow_command WHERE id = @id", new { id = commandId.ToString() });
        return await transaction.ExecuteAsync(
            "INSERT INTO flow_inbox (command_id, handler, handled_at) VALUES (@id, @handler, @now) ON CONFLICT (command_id) DO NOTHING",
            new { id = commandId.ToString(), handler, now = clock.GetUtcNow() }) == 1;
    }
}
