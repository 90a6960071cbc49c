using Npgsql;

namespace FlowPlatform.Orchestration.Postgres;

/// <summary>A connection string that somebody else has written.</summary>
public static class GivenPostgres
{
    /// <summary>Its settings, or null and what is wrong with it; never its password.</summary>
    public static NpgsqlConnectionStringBuilder? Parse(string connectionString, out string fault)
    {
        try
        {
            fault = "";
            return ServerFaults.Parse(connectionString);
        }
        catch (PostgresServerException e)
        {
            fault = e.Message;
            return null;
        }
    }
}
