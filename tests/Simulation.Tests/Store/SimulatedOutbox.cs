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

    public void Signal(StoreTransaction transaction)
    {
        if (transaction.Events.Count > 0)
        {
            EventsAdded.Signal();
        }

        if (transaction.Commands.Count > 0)
        {
            CommandsAdded.Signal();
        }
    }

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
            await connection.StatementAsync();
            var working = connection.Working with { Adopted = connection.Working.Adopted.Union(adoption.Beyond.Select(item => item.Id)), Incarnation = store.Database.NextIncarnation() };
            foreach (var (partition, common) in adoption.Common.OrderBy(pair => pair.Key))
            {
                await connection.StatementAsync();
                var rows = (working.Rows.GetValueOrDefault(partition) ?? []).Where(row => row.Sequence > common && !working.Adopted.Contains(row.Id)).OrderBy(row => row.Sequence)
                    .Select((row, index) => row.At($"{service}/{working.Incarnation}", index + 1)).ToImmutableList();
                working = working with { Rows = working.Rows.SetItem(partition, rows), Heads = working.Heads.SetItem(partition, new OutboxHead(partition, rows.Count, 0, null)) };
            }

            connection.Working = working;
            return true;
        },
        cancellationToken);

    public Task RecordIncidentAsync(PartitionId partition, long mark, string kind, string detail, CancellationToken cancellationToken) => store.WriteAsync(
        async transaction =>
        {
            var connection = (SimulatedConnection)transaction.Connection;
            await connection.StatementAsync();
            connection.Working = connection.Working with { Incidents = connection.Working.Incidents + 1 };
            return true;
        },
        cancellationToken);

    public Task ConfirmAsync(IReadOnlyList<OutboxConfirm> confirms, CancellationToken cancellationToken) => store.WriteAsync(
        async transaction =>
        {
            var connection = (SimulatedConnection)transaction.Connection;
            foreach (var confirm in confirms)
            {
                await connection.StatementAsync();
                var heads = connection.Working.Heads;
                if (heads.TryGetValue(confirm.Partition, out var head) && head.Confirmed < confirm.Sequence)
                {
                    connection.Working = connection.Working with { Heads = heads.SetItem(confirm.Partition, head with { Confirmed = confirm.Sequence, ConfirmedId = confirm.EventId }) };
                }
            }

            return true;
        },
        cancellationToken);

    public Task<int> TrimAsync(PartitionId partition, long upTo, int maxRows, CancellationToken cancellationToken) => store.WriteAsync(
        async transaction =>
        {
            var connection = (SimulatedConnection)transaction.Connection;
            await connection.StatementAsync();
            if (!connection.Working.Heads.TryGetValue(partition, out var head))
            {
                return 0;
            }

            var rows = connection.Working.Rows.GetValueOrDefault(partition) ?? [];
            var kept = rows.RemoveAll(row => row.Sequence <= Math.Min(upTo, head.Confirmed) && row.Sequence < head.Assigned);
            connection.Working = connection.Working with { Rows = connection.Working.Rows.SetItem(partition, kept) };
            return rows.Count - kept.Count;
        },
        cancellationToken);

    public Task<IReadOnlyList<PendingCommand>> ReadCommandsAsync(long after, int max, CancellationToken cancellationToken) =>
        store.ReadAsync<IReadOnlyList<PendingCommand>>(snapshot => [.. snapshot.Commands.Where(command => command.Number > after).Take(max)], cancellationToken);

    public Task RemoveCommandsAsync(IReadOnlyList<Guid> ids, CancellationToken cancellationToken) => store.WriteAsync(
        async transaction =>
        {
            var connection = (SimulatedConnection)transaction.Connection;
            await connection.StatementAsync();
            connection.Working = connection.Working with { Commands = connection.Working.Commands.RemoveAll(command => ids.Contains(command.Id)) };
            return true;
        },
        cancellationToken);

    public Task<long> CountCommandsAsync(CancellationToken cancellationToken) => store.ReadAsync(snapshot => (long)snapshot.Commands.Count, cancellationToken);
}
