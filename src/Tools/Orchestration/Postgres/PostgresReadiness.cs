using Npgsql;

namespace FlowPlatform.Orchestration.Postgres;

/// <summary>Whether a server lets its superuser in. That needs the right password on both sides: another's server on our port is no mistake for ours.</summary>
internal static class PostgresReadiness
{
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);

    public static async Task<bool> AnswersAsync(string connectionString, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false }.ConnectionString);
        try
        {
            await connection.OpenAsync(limit.Token);
            return true;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.InvalidPassword)
        {
            throw new PostgresServerException("The server refuses the password that is kept with its data: it was changed, or another server has taken the port.", e);
        }
        catch (NpgsqlException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
