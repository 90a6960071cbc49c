using System.Text;
using FlowPlatform.Log;

namespace FlowPlatform.Tests.Runtime.Parking;

/// <summary>Payments in two partitions, numbered as their producer does.</summary>
internal sealed class Payments
{
    private readonly Dictionary<int, int> sequences = [];

    public List<LogRecord> All { get; } = [];

    /// <summary>The next payment into an account; its amount is unlike all others.</summary>
    public LogRecord Next(string account, int partition = 0, string? data = null, int offsetJump = 0)
    {
        var sequence = sequences[partition] = sequences.GetValueOrDefault(partition) + 1;
        var envelope = Envelopes.PaidIn($"{account}-p{partition}-{sequence}", sequence, account: account, amount: (partition * 1000) + sequence);
        if (data is not null)
        {
            envelope = new EventEnvelope
            {
                Id = envelope.Id, Type = envelope.Type, Source = envelope.Source, Key = envelope.Key, Time = envelope.Time, CommittedAt = envelope.CommittedAt,
                Producer = envelope.Producer, Sequence = envelope.Sequence, Data = Encoding.UTF8.GetBytes(data),
            };
        }

        var record = envelope.At(sequence - 1 + offsetJump, new PartitionId("accounts", partition));
        All.Add(record);
        return record;
    }
}
