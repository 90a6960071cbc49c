using System.Text.Json;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ;

namespace FlowPlatform.EndToEnd.Tests.Repair;

/// <summary>The log of a running AppHost, read as anybody can who has its addresses.</summary>
internal sealed class WholeLog : IAsyncDisposable
{
    private readonly RabbitMqEventLog log;

    private WholeLog(RabbitMqEventLog log) => this.log = log;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<WholeLog> OpenAsync(AppHostProcess host)
    {
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(host.Data, "apphost.json"), Token));
        return new WholeLog(new RabbitMqEventLog(
            new RabbitMqEventLogOptions { AmqpUri = UriOf("broker"), StreamUri = UriOf("brokerStream"), ConnectionName = "tests" }, TimeProvider.System));

        Uri UriOf(string name) => new(json.RootElement.GetProperty(name).GetString()!);
    }

    /// <summary>Everything that a stream holds now, by partition.</summary>
    public async Task<IReadOnlyList<IReadOnlyList<LogRecord>>> ReadAsync(string stream)
    {
        List<IReadOnlyList<LogRecord>> partitions = [];
        foreach (var index in Enumerable.Range(0, await log.GetPartitionCountAsync(stream, Token)))
        {
            var partition = new PartitionId(stream, index);
            var end = (await log.ReadLastAsync(partition, Token))?.Offset ?? -1;
            await using var reader = await log.OpenReaderAsync(partition, LogPosition.First, Token);
            List<LogRecord> records = [];
            while (end >= 0 && (records.Count == 0 || records[^1].Offset < end))
            {
                using var batch = await reader.ReadAsync(Token);
                records.AddRange(batch.Records.TakeWhile(record => record.Offset <= end));
            }

            partitions.Add(records);
        }

        return partitions;
    }

    public ValueTask DisposeAsync() => log.DisposeAsync();
}
