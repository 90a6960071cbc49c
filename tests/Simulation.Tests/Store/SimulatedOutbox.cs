using System.Collections.Immutable;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>The outbox of a simulated store.</summary>
internal sealed class SimulatedOutbox(SimulatedStore store, string? service) : IOutbox
{
    public string Producer => $"{service}/{store.Database.Current.Incarnation}";

    public Pulse EventsAdded { get; } = new();

    public Pulse CommandsAdded { get; } = new();

    public OutboxRoom Room { get; } = new();

    public Task<IReadOnlyList<OutboxHead>> ReadHeadsAsync(CancellationToken cancellationToken) =>
        store.ReadAsync<IReadOnlyList<OutboxHead>>(snapshot => [.. snapshot.Heads.Values], cancellationToken);

    public Task<IReadOnlyList<EventEnvelope>> ReadAsync(PartitionId partition, long after, int maxEvents, long maxBytes, CancellationToken cancellationToken)
    {
        // Few at once, so that a backlog is many appends.
        var most = Math.Min(maxEvents, store.Database.Machine.Dice.Between(1, 8));
        return store.ReadAsync<IReadOnlyList<EventEnvelope>>(
            snapshot =>
            {
                var rows = snapshot.Rows.GetValueOrDefault(partition) ?? [];
                var guess = rows.Count == 0 ? 0 : (int)Math.Clamp(after + 1 - rows[0].Sequence, 0, rows.Count);
                return guess == 0 || rows[guess - 1].Sequence == after
                    ? rows.GetRange(guess, Math.Min(most, rows.Count - guess))
                    : [.. rows.Where(row => row.Sequence > after).OrderBy(row => row.Sequence).Take(most)];
            },
            cancellationToken);
    }

    public Task<string?> FindIdAsync(PartitionId partition, long sequence, CancellationToken cancellationToken) =>
        store.ReadAsync(snapshot => snapshot.Rows.GetValueOrDefault(partition)?.Find(row => row.Sequence == sequence)?.Id, cancellationToken);

    public Task<long?> FindLowestAsync(PartitionId partition, CancellationToken cancellationToken) =>
        store.ReadAsync(snapshot => snapshot.Rows.GetValueOrDefault(partition) is { Count: > 0 } rows ? rows.Min(row => row.Sequence) : (long?)null, cancellationToken);

    public Task<IReadOnlyDictionary<long, string>> ReadIdsAsync(PartitionId partition, CancellationToken cancellationToken) =>
        store.ReadAsync<IReadOnlyDictionary<long, string>>(snapshot => (snapshot.Rows.GetValueOrDefault(partition) ?? []).ToDictionary(row => row.Sequence, row => row.Id), cancellationToken);

    public Task<bool> HasAdoptedAsync(CancellationToken cancellationToken) => store.ReadAsync(snapshot => !snapshot.Adopted.IsEmpty, cancellationToken);

    public Task AdoptAsync(OutboxAdoption adoption, CancellationToken cancellationToken) => store.WriteAsync(
        async transaction =>
        {
            var connection = (SimulatedConnection)transaction.Connection;
            var (incarnation, known) = (store.Database.NextIncarnation(), adoption.Beyond.Select(item => item.Id).ToList());
            await connection.LockAsync(new Row("meta", "incarnation"));
            connection.Change(snapshot => snapshot with { Incarnation = incarnation, Adopted = snapshot.Adopted.Union(known) });
            foreach (var (partition, common) in adoption.Common.OrderBy(pair => pair.Key))
            {
                await connection.LockAsync(Row.Head(partition));
                Adopt(connection, partition, common, $"{service}/{incarnation}");
            }

            return true;
        },
        cancellationToken);

    public Task RecordIncidentAsync(PartitionId partition, long mark, string kind, string detail, CancellationToken cancellationToken) => store.WriteAsync(
        async transaction =>
        {
            var connection = (SimulatedConnection)transaction.Connection;
            await connection.LockAsync(new Row("incident", Incident.Relay, partition));
            connection.Change(snapshot => snapshot with { Incidents = snapshot.Incidents + 1 });
            return true;
        },
        cancellationToken);

    public Task ConfirmAsync(IReadOnlyList<OutboxConfirm> confirms, CancellationToken cancellationToken) => store.WriteAsync(
        async transaction =>
        {
            var connection = (SimulatedConnection)transaction.Connection;
            foreach (var confirm in confirms)
            {
                var seen = await connection.LockAsync(Row.Head(confirm.Partition));
                if (seen.Heads.TryGetValue(confirm.Partition, out var head) && head.Confirmed < confirm.Sequence)
                {
                    connection.Change(snapshot => snapshot with { Heads = snapshot.Heads.SetItem(confirm.Partition, head with { Confirmed = confirm.Sequence, ConfirmedId = confirm.EventId }) });
                }
            }

            return true;
        },
        cancellationToken);

    public Task<int> TrimAsync(PartitionId partition, long upTo, int maxRows, CancellationToken cancellationToken) => store.WriteAsync(
        async transaction =>
        {
            var connection = (SimulatedConnection)transaction.Connection;
            var seen = await connection.ReadAsync();
            if (!seen.Heads.TryGetValue(partition, out var head))
            {
                return 0;
            }

            var rows = seen.Rows.GetValueOrDefault(partition) ?? [];
            var most = Math.Min(upTo, Math.Min(head.Confirmed, head.Assigned - 1));
            connection.Change(snapshot => snapshot with { Rows = snapshot.Rows.SetItem(partition, (snapshot.Rows.GetValueOrDefault(partition) ?? []).RemoveAll(row => row.Sequence <= most)) });
            return rows.Count(row => row.Sequence <= most);
        },
        cancellationToken);

    public Task<IReadOnlyList<PendingCommand>> ReadCommandsAsync(long after, int max, CancellationToken cancellationToken) =>
        store.ReadAsync<IReadOnlyList<PendingCommand>>(snapshot => [.. snapshot.Commands.Where(command => command.Number > after).Take(max)], cancellationToken);

    public Task RemoveCommandsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken) => store.WriteAsync(
        async transaction =>
        {
            var connection = (SimulatedConnection)transaction.Connection;
            await connection.ReadAsync();
            connection.Change(snapshot => snapshot with { Commands = snapshot.Commands.RemoveAll(command => ids.Contains(command.Id)) });
            return true;
        },
        cancellationToken);

    public Task<long> CountCommandsAsync(CancellationToken cancellationToken) => store.ReadAsync(snapshot => (long)snapshot.Commands.Count, cancellationToken);

    /// <summary>Rows that are in the log go, the others get sequences from 1 in the order they had.</summary>
    private static void Adopt(SimulatedConnection connection, PartitionId partition, long common, string producer)
    {
        var seen = connection.View;
        var rows = (seen.Rows.GetValueOrDefault(partition) ?? []).Where(row => row.Sequence > common && !seen.Adopted.Contains(row.Id)).OrderBy(row => row.Sequence)
            .Select((row, index) => row.At(producer, index + 1)).ToImmutableList();
        var again = rows.Select(row => row.Id).ToHashSet(StringComparer.Ordinal);
        var decided = (seen.Decided.GetValueOrDefault(partition) ?? []).RemoveAll(row => again.Contains(row.Id)).AddRange(rows);
        connection.Change(snapshot => snapshot with
        {
            Rows = snapshot.Rows.SetItem(partition, rows),
            Heads = snapshot.Heads.SetItem(partition, new OutboxHead(partition, rows.Count, 0, null)),
            Decided = snapshot.Decided.SetItem(partition, decided),
        });
    }
}
