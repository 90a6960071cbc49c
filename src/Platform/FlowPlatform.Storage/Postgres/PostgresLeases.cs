using Dapper;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Storage.Postgres;

/// <summary>Leases in a service's own database, on its clock (rule C4). Renewals are statements of their own: they wait for no unit of work. Safe for concurrent use.</summary>
internal sealed class PostgresLeases(PostgresSources sources, LeaseSettings settings) : ILeases
{
    private const string Where = "consumer = @Consumer AND stream = @Stream AND partition = @Index";

    public LeaseSettings Settings => settings;

    public Pulse Changed { get; } = new();

    /// <summary>How other replicas hear of it; set while the store is open.</summary>
    public PostgresSignals? Signals { get; set; }

    public async Task JoinAsync(string member, IReadOnlyList<string> consumers, CancellationToken cancellationToken)
    {
        await ExecuteAsync(
            "INSERT INTO main.flow_member (member, consumers, ends_at) SELECT @member, array_agg(name), clock_timestamp() + @Term FROM json_array_elements_text(@consumers::json) name",
            new { member, consumers = System.Text.Json.JsonSerializer.Serialize(consumers), settings.Term },
            cancellationToken);
        Signals?.AnnounceLeases();
    }

    public async Task<LeaseTable?> RenewAsync(string member, bool leaving, IReadOnlyCollection<LeaseUnit> units, CancellationToken cancellationToken)
    {
        await using var connection = await sources.OpenWriterAsync(cancellationToken);
        var before = await connection.QuerySingleOrDefaultAsync<bool?>(new CommandDefinition(
            """
            UPDATE main.flow_member member SET ends_at = clock_timestamp() + @Term, leaving = @leaving
            FROM (SELECT leaving FROM main.flow_member WHERE member = @member) before
            WHERE member.member = @member AND member.ends_at > clock_timestamp() RETURNING before.leaving
            """,
            new { member, leaving, settings.Term },
            cancellationToken: cancellationToken));
        if (before is null)
        {
            return null;
        }

        // One that is being renewed at this moment is locked, and not over.
        var gone = await connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM main.flow_member WHERE member IN (SELECT member FROM main.flow_member WHERE ends_at <= clock_timestamp() ORDER BY member FOR UPDATE SKIP LOCKED)",
            cancellationToken: cancellationToken));
        var table = await ReadAsync(connection, cancellationToken);
        if (units.Except(table.Leases.Select(lease => lease.Unit)).ToList() is { Count: > 0 } fresh)
        {
            await AddAsync(connection, fresh, cancellationToken);
            table = await ReadAsync(connection, cancellationToken);
        }

        if (gone > 0 || before != leaving)
        {
            Signals?.AnnounceLeases();
        }

        return table;
    }

    public async ValueTask<long?> TakeAsync(StoreTransaction transaction, LeaseUnit unit, string member) => await transaction.QuerySingleOrDefaultAsync<long?>(
        $"""
        UPDATE main.flow_lease SET owner = @member, epoch = epoch + 1, fault = NULL
        WHERE {Where} AND (owner IS NULL OR owner = @member OR NOT EXISTS (SELECT 1 FROM main.flow_member other WHERE other.member = flow_lease.owner))
            AND EXISTS (SELECT 1 FROM main.flow_member own WHERE own.member = @member AND own.ends_at > clock_timestamp())
        RETURNING epoch
        """,
        Place(unit, member));

    public async Task ReleaseAsync(string member, LeaseUnit unit, CancellationToken cancellationToken)
    {
        await ExecuteAsync($"UPDATE main.flow_lease SET owner = NULL WHERE {Where} AND owner = @member", Place(unit, member), cancellationToken);
        Signals?.AnnounceLeases();
    }

    public async Task NoteFaultAsync(string member, LeaseUnit unit, string fault, CancellationToken cancellationToken)
    {
        var place = Place(unit, member);
        place.Add("fault", fault);
        await ExecuteAsync($"UPDATE main.flow_lease SET fault = @fault WHERE {Where} AND owner = @member", place, cancellationToken);
        Signals?.AnnounceLeases();
    }

    public async Task LeaveAsync(string member, CancellationToken cancellationToken)
    {
        await ExecuteAsync("DELETE FROM main.flow_member WHERE member = @member", new { member }, cancellationToken);
        Signals?.AnnounceLeases();
    }

    private static DynamicParameters Place(LeaseUnit unit, string member)
    {
        var place = new DynamicParameters(new { unit.Consumer, Stream = unit.Partition?.Stream ?? "", Index = unit.Partition?.Index ?? -1 });
        place.Add("member", member);
        return place;
    }

    /// <summary>In one order, so that replicas that start together don't wait for each other in a circle.</summary>
    private static async Task AddAsync(PostgresConnection connection, List<LeaseUnit> units, CancellationToken cancellationToken)
    {
        foreach (var unit in units.OrderBy(unit => unit.Consumer, StringComparer.Ordinal).ThenBy(unit => unit.Partition))
        {
            await connection.ExecuteAsync(new CommandDefinition(
                "INSERT INTO main.flow_lease (consumer, stream, partition) VALUES (@Consumer, @Stream, @Index) ON CONFLICT DO NOTHING",
                new { unit.Consumer, Stream = unit.Partition?.Stream ?? "", Index = unit.Partition?.Index ?? -1 },
                cancellationToken: cancellationToken));
        }
    }

    private static async Task<LeaseTable> ReadAsync(PostgresConnection connection, CancellationToken cancellationToken)
    {
        var members = await connection.QueryAsync<MemberRow>(new CommandDefinition(
            "SELECT member, array_to_json(consumers)::text AS Consumers, leaving, extract(epoch FROM ends_at - clock_timestamp())::double precision AS Remaining FROM main.flow_member WHERE ends_at > clock_timestamp()",
            cancellationToken: cancellationToken));
        var leases = await connection.QueryAsync<LeaseRow>(new CommandDefinition(
            "SELECT consumer, stream, partition, owner, epoch, fault FROM main.flow_lease", cancellationToken: cancellationToken));
        return new LeaseTable([.. members.Select(row => row.ToMember())], [.. leases.Select(row => row.ToLease())]);
    }

    private async Task ExecuteAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        await using var connection = await sources.OpenWriterAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }

    private sealed class MemberRow
    {
        public string Member { get; init; } = "";

        public string Consumers { get; init; } = "";

        public bool Leaving { get; init; }

        public double Remaining { get; init; }

        public LeaseMember ToMember() => new(Member, System.Text.Json.JsonSerializer.Deserialize<string[]>(Consumers)!, Leaving, TimeSpan.FromSeconds(Remaining));
    }

    private sealed class LeaseRow
    {
        public string Consumer { get; init; } = "";

        public string Stream { get; init; } = "";

        public int Partition { get; init; }

        public string? Owner { get; init; }

        public long Epoch { get; init; }

        public string? Fault { get; init; }

        public Lease ToLease() => new(new LeaseUnit(Consumer, Stream.Length == 0 ? null : new PartitionId(Stream, Partition)), Owner, Epoch, Fault);
    }
}
