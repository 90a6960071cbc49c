using FlowPlatform.Consumers;
using FlowPlatform.Log;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using FlowPlatform.Telemetry;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Testing.Conforming;

/// <summary>
/// A projection as its consumer has it, in which one event can be made poison: the store then refuses what its handlers write, and if they write nothing, or after they have written in company of others,
/// it fails all the same. Tried once, for it fails every time. Used by one consumer.
/// </summary>
internal sealed class ProbedProjection : Projection
{
    private const int ReadOnly = 8;
    private readonly Projection projection;
    private readonly IReadOnlySet<string> types;

    public ProbedProjection(Projection projection, IReadOnlySet<string> types)
    {
        this.projection = projection;
        this.types = types;
        MaxBatch = projection.MaxBatch;
        Parks = projection.Parks;
        MaxAttempts = 1;
    }

    /// <summary>Id of the event that is poison; null: none is.</summary>
    public string? Poison { get; set; }

    /// <summary>True if the handlers of the poison event wrote, were refused, and said nothing.</summary>
    public bool Swallowed { get; private set; }

    /// <summary>Rows that the last call has changed, as SQLite counts them.</summary>
    public long Changes { get; private set; }

    private protected override bool Takes(string type) => types.Contains(type);

    internal override async ValueTask ApplyAsync(StoreTransaction transaction, IReadOnlyList<LogRecord> records, BatchTrace? trace = null)
    {
        var before = await CountAsync(transaction);
        if (Poison is not { } poison || !records.Any(record => record.Event.Id == poison))
        {
            await projection.ApplyAsync(transaction, records, trace);
        }
        else if (records.Count > 1)
        {
            await projection.ApplyAsync(transaction, records, trace);
            throw new PoisonedException(poison);
        }
        else
        {
            await RefuseAsync(transaction, records, poison);
        }

        Changes = await CountAsync(transaction) - before;
    }

    private static Task<long> CountAsync(StoreTransaction transaction) => transaction.QuerySingleOrDefaultAsync<long>("SELECT total_changes()");

    private async Task RefuseAsync(StoreTransaction transaction, IReadOnlyList<LogRecord> records, string poison)
    {
        await transaction.ExecuteAsync("PRAGMA query_only = 1");
        try
        {
            await projection.ApplyAsync(transaction, records);
            Swallowed = true;
        }
        catch (SqliteException refused) when (refused.SqliteErrorCode == ReadOnly)
        {
            throw new PoisonedException(poison, refused);
        }
        finally
        {
            await transaction.ExecuteAsync("PRAGMA query_only = 0");
        }

        throw new PoisonedException(poison);
    }
}

/// <summary>What the kit makes a poison event fail with.</summary>
internal sealed class PoisonedException(string id, Exception? inner = null) : Exception($"Event {id} is poison.", inner);
