using System.Text;
using FlowPlatform.Log;

namespace FlowPlatform.RabbitMQ.Tests.Cluster;

/// <summary>
/// Writes to one partition without a pause, as the relay does (look, then publish from what the log has), reads it twice, as consumers do (go on behind the mark, drop what it has, stop at a hole),
/// and asks all the time how far the log is, which must never be less than what was confirmed before. Faults that pass are waited out; everything else ends it.
/// </summary>
internal sealed class ClusterLoad : IAsyncDisposable
{
    private const int BatchSize = 50;

    // Between batches: 10,000 events a second, or the tests fill the disk.
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(5);
    private static readonly byte[] Payload = Encoding.UTF8.GetBytes($$"""{"text":"{{new string('x', 200)}}"}""");

    private readonly RabbitMqEventLog log;
    private readonly PartitionId partition;
    private readonly CancellationTokenSource writing = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly CancellationTokenSource stopping = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
    private readonly long[] marks = new long[2];
    private readonly long[] next = new long[2];
    private readonly Task writer;
    private readonly Task[] others;
    private long confirmed;
    private int refused;

    public ClusterLoad(RabbitMqEventLog log, PartitionId partition)
    {
        this.log = log;
        this.partition = partition;
        writer = UntilAsync(WriteAsync, writing.Token);
        others = [UntilAsync(token => ReadAsync(0, token), stopping.Token), UntilAsync(token => ReadAsync(1, token), stopping.Token), UntilAsync(WatchAsync, stopping.Token)];
    }

    public long Confirmed => Interlocked.Read(ref confirmed);

    /// <summary>How often the writer was told that the log is unavailable.</summary>
    public int Refused => Volatile.Read(ref refused);

    /// <summary>How far the slower reader is.</summary>
    private long Behind => Math.Min(Interlocked.Read(ref marks[0]), Interlocked.Read(ref marks[1]));

    /// <summary>Waits until so much more is confirmed and read by both readers.</summary>
    public async Task AdvancedAsync(long events, string when)
    {
        var target = Confirmed + events;
        await Eventually.ThatAsync(
            $"{events} more are confirmed and read {when}",
            async () =>
            {
                foreach (var part in others.Append(writer).Where(part => part.IsFaulted))
                {
                    await part;
                }

                return Confirmed >= target && Behind >= target;
            },
            ClusterFixture.Limit);
    }

    /// <summary>Stops writing, and reads the log from its beginning: 1 to n, each once, in order.</summary>
    public async Task ShouldBeExactAsync()
    {
        await writing.CancelAsync();
        await writer;
        var last = (await log.ReadLastAsync(partition, TestContext.Current.CancellationToken))!.Value;
        last.Event.Sequence.ShouldBeGreaterThanOrEqualTo(Confirmed);
        await Eventually.ThatAsync("both readers are at the end", () => Task.FromResult(Behind), mark => mark == last.Event.Sequence, ClusterFixture.Limit);
        await stopping.CancelAsync();
        await Task.WhenAll(others);
        await using var reader = await log.OpenReaderAsync(partition, LogPosition.First, TestContext.Current.CancellationToken);
        for (long next = 1; next <= last.Event.Sequence;)
        {
            using var batch = await reader.ReadAsync(TestContext.Current.CancellationToken);
            foreach (var record in batch.Records)
            {
                record.Event.Sequence.ShouldBe(next++, $"offset {record.Offset} of {partition}");
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await writing.CancelAsync();
        await stopping.CancelAsync();
        await Task.WhenAll([writer, .. others]).ContinueWith(static all => all.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        writing.Dispose();
        stopping.Dispose();
    }

    /// <summary>Again and again, until cancelled; what passes is waited out.</summary>
    private async Task UntilAsync(Func<CancellationToken, Task> step, CancellationToken token)
    {
        using var between = new PeriodicTimer(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        await Task.Yield();
        while (!token.IsCancellationRequested)
        {
            try
            {
                await step(token);
            }
            catch (EventLogUnavailableException)
            {
                Interlocked.Add(ref refused, step == WriteAsync ? 1 : 0);
                await between.WaitForNextTickAsync(CancellationToken.None);
            }
            catch (OperationCanceledException) when (token.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task WriteAsync(CancellationToken token)
    {
        await using var to = await log.OpenWriterAsync(partition, "tests/load", token);
        var sent = (await log.ReadLastOfAsync(partition, "tests/load", token))?.Event.Sequence ?? 0;
        sent.ShouldBeGreaterThanOrEqualTo(Confirmed, "what was confirmed is in the log");
        using var pace = new PeriodicTimer(Pace, TimeProvider.System);
        var inFlight = new Queue<(Task Append, long Last)>();
        try
        {
            while (true)
            {
                await pace.WaitForNextTickAsync(token);
                inFlight.Enqueue((to.AppendAsync(Batch(sent), CancellationToken.None), sent + BatchSize));
                sent += BatchSize;
                while (inFlight.Count >= 4)
                {
                    var (append, last) = inFlight.Dequeue();
                    await append;
                    Interlocked.Exchange(ref confirmed, Math.Max(confirmed, last));
                }
            }
        }
        finally
        {
            await Task.WhenAll(inFlight.Select(item => item.Append)).ContinueWith(static all => all.Exception, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    private static EventEnvelope[] Batch(long after) => [.. Enumerable.Range(1, BatchSize).Select(i => Sample.Event(after + i, data: Payload))];

    private async Task ReadAsync(int number, CancellationToken token)
    {
        await using var reader = await log.OpenReaderAsync(partition, next[number] == 0 ? LogPosition.First : LogPosition.At(next[number]), token);
        while (true)
        {
            using var batch = await reader.ReadAsync(token);
            foreach (var record in batch.Records)
            {
                if (record.Event.Sequence > marks[number])
                {
                    record.Event.Sequence.ShouldBe(marks[number] + 1, $"offset {record.Offset} of {partition}, reader {number}");
                    Interlocked.Exchange(ref marks[number], record.Event.Sequence);
                }

                next[number] = record.Offset + 1;
            }
        }
    }

    private async Task WatchAsync(CancellationToken token)
    {
        while (true)
        {
            token.ThrowIfCancellationRequested();
            var before = Confirmed;
            var last = await log.ReadLastAsync(partition, token);
            (last?.Event.Sequence ?? 0).ShouldBeGreaterThanOrEqualTo(before, "the leader has what was confirmed before it was asked (rule W3)");
        }
    }
}
