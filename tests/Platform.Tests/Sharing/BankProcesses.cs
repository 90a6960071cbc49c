using System.Diagnostics;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Dapper;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Orchestration.Postgres;
using FlowPlatform.Storage.EmbeddedLog;
using Npgsql;

namespace FlowPlatform.Tests.Sharing;

/// <summary>Replicas that are processes, on a real Postgres and an embedded log, to which the test appends payments; it keeps its own sums.</summary>
internal sealed class BankProcesses : IAsyncDisposable
{
    public const int Partitions = 6;

    /// <summary>Seconds: short, so that the tests are; long enough for a machine that is busy with other tests.</summary>
    public const int Lease = 5;
    private const string Producer = "payments/1";
    private static readonly DateTimeOffset Time = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly TemporaryDirectory directory = new();
    private readonly TestDatabase database;
    private readonly EmbeddedEventLog log;
    private readonly Dictionary<int, IPartitionWriter> writers = [];
    private readonly Dictionary<int, long> marks = [];
    private readonly Dictionary<string, (long Amount, long Events)> sums = new(StringComparer.Ordinal);
    private readonly List<BankProcess> processes = [];

    private BankProcesses(TestDatabase database)
    {
        this.database = database;
        log = new EmbeddedEventLog(Path.Combine(directory.Path, "log"), TimeProvider.System, new EmbeddedEventLogOptions());
    }

    public static async Task<BankProcesses> OpenAsync(TestDatabase database)
    {
        var bank = new BankProcesses(database);
        await bank.log.EnsureStreamAsync(new StreamDefinition("payments", Partitions), TestContext.Current.CancellationToken);
        return bank;
    }

    /// <summary>Starts a replica and waits until it serves.</summary>
    /// <param name="pauses">It pauses itself in the middle of the transaction that has the first payment of 0.</param>
    public async Task<BankProcess> StartAsync(bool pauses = false)
    {
        var process = BankProcess.Start(new Dictionary<string, string?>
        {
            ["ConnectionStrings__bank-db"] = database.ConnectionString,
            ["ConnectionStrings__embedded-log"] = Path.Combine(directory.Path, "log"),
            ["FLOW_LEASE"] = $"{Lease}",
            ["BANK_PAUSES"] = pauses ? "1" : null,
        });
        processes.Add(process);
        await process.HasStartedAsync();
        return process;
    }

    /// <summary>Appends payments to a partition, each of one account out of five, which is in every partition.</summary>
    public async Task PayAsync(int partition, int count, long amount = 1)
    {
        if (!writers.TryGetValue(partition, out var writer))
        {
            writer = writers[partition] = await log.OpenWriterAsync(new PartitionId("payments", partition), Producer, TestContext.Current.CancellationToken);
        }

        List<EventEnvelope> events = [];
        for (var number = 0; number < count; number++)
        {
            var sequence = marks[partition] = marks.GetValueOrDefault(partition) + 1;
            var account = $"account-{sequence % 5}";
            var sum = sums.GetValueOrDefault(account);
            sums[account] = (sum.Amount + amount, sum.Events + 1);
            events.Add(new EventEnvelope
            {
                Id = $"{partition}/{sequence}", Type = "payments.paid.v1", Source = "payments", Key = account, Time = Time, CommittedAt = Time, Producer = Producer, Sequence = sequence,
                Data = Encoding.UTF8.GetBytes($$"""{"account":"{{account}}","amount":{{amount}}}"""),
            });
        }

        await writer.AppendAsync(events, TestContext.Current.CancellationToken);
    }

    public async Task PayEverywhereAsync(int count)
    {
        for (var partition = 0; partition < Partitions; partition++)
        {
            await PayAsync(partition, count);
        }
    }

    /// <summary>Rows and marks of all three consumers are what the test's own fold says, and every thanks is in the log once.</summary>
    public async Task IsFoldedAsync()
    {
        var count = marks.Values.Sum();
        foreach (var (consumer, schema) in new[] { ("sums", "sums_g1"), ("thanker", "main"), ("counter", "main") })
        {
            await Eventually.ThatAsync(
                $"the marks of {consumer} are {string.Join(", ", marks.OrderBy(pair => pair.Key))}",
                () => ReadAsync<(int Partition, long Mark)>($"SELECT partition, mark FROM {schema}.flow_checkpoint WHERE consumer = '{consumer}' ORDER BY partition"),
                read => marks.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value)).SequenceEqual(read.Where(row => row.Mark > 0)),
                TimeSpan.FromMinutes(2));
        }

        (await ReadAsync<(string, long, long)>("SELECT account, amount, events FROM sums_g1.sum ORDER BY account")).ShouldBe(sums.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value.Amount, pair.Value.Events)));
        (await ReadAsync<(string, long)>("SELECT account, payments FROM main.payer ORDER BY account")).ShouldBe(sums.OrderBy(pair => pair.Key).Select(pair => (pair.Key, pair.Value.Events)));
        (await ReadAsync<(long, long)>("SELECT count(*), coalesce(max(number), 0) FROM main.thanks")).Single().ShouldBe((count, count));
        await Eventually.ThatAsync("every thanks is published", async () => (await ThanksAsync()).Count, published => published == count, TimeSpan.FromMinutes(2));
        (await ThanksAsync()).Select(record => record.Event.Id).Distinct().Count().ShouldBe((int)count);
    }

    /// <summary>Every unit belongs to a replica that is there, and the partitions of the projection are shared evenly.</summary>
    public Task IsSharedByAsync(int replicas) => Eventually.ThatAsync(
        $"{replicas} replicas share everything",
        OwnersAsync,
        owners => owners.All(row => row.Owner is not null) && owners.Where(row => row.Consumer == "sums").GroupBy(row => row.Owner).Select(group => group.Count()).ToList() is var counts
            && counts.Count == Math.Min(replicas, Partitions) && counts.Sum() == Partitions && counts.Max() - counts.Min() <= 1,
        TimeSpan.FromMinutes(2));

    /// <summary>Who has each unit, of those who are there.</summary>
    public Task<List<(string Consumer, int Partition, string? Owner, long Epoch)>> OwnersAsync() => ReadAsync<(string, int, string?, long)>(
        "SELECT consumer, partition, (SELECT member FROM main.flow_member WHERE member = owner AND ends_at > clock_timestamp()), epoch FROM main.flow_lease ORDER BY consumer, partition");

    public async Task<List<T>> ReadAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        return [.. await connection.QueryAsync<T>(sql)];
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in processes)
        {
            await process.DisposeAsync();
        }

        foreach (var writer in writers.Values)
        {
            await writer.DisposeAsync();
        }

        await log.DisposeAsync();
        directory.Dispose();
    }

    private async Task<List<LogRecord>> ThanksAsync()
    {
        List<LogRecord> records = [];
        for (var partition = 0; partition < 2; partition++)
        {
            var id = new PartitionId("thanks", partition);
            if (await log.ReadLastAsync(id, TestContext.Current.CancellationToken) is not { } last)
            {
                continue;
            }

            await using var reader = await log.OpenReaderAsync(id, LogPosition.First, TestContext.Current.CancellationToken);
            while (records.LastOrDefault(record => record.Partition == id).Event is null || records[^1].Offset < last.Offset)
            {
                using var batch = await reader.ReadAsync(TestContext.Current.CancellationToken);
                records.AddRange(batch.Records);
            }
        }

        return records;
    }
}

/// <summary>One of them.</summary>
internal sealed class BankProcess : IAsyncDisposable
{
    private static readonly HttpClient Client = new();
    private readonly Process process;
    private readonly TaskCompletionSource<string> url = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<string> lines = [];

    private BankProcess(Process process)
    {
        this.process = process;
        process.OutputDataReceived += (_, line) => Hear(line.Data);
        process.ErrorDataReceived += (_, line) => Hear(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    /// <summary>What its id begins with.</summary>
    public string Name => $"{Environment.MachineName}/{process.Id}/";

    public bool IsPaused => File.ReadAllText($"/proc/{process.Id}/stat").Split(") ")[1].StartsWith('T');

    public string Output
    {
        get
        {
            lock (lines)
            {
                return string.Join('\n', lines);
            }
        }
    }

    public static BankProcess Start(Dictionary<string, string?> environment)
    {
        var assembly = Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "..", "Assets", "BankReplica", "bin", new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name, "net10.0", "BankReplica.dll");
        var start = new ProcessStartInfo("dotnet", [assembly]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new BankProcess(Process.Start(start)!);
    }

    public Task HasStartedAsync() => Eventually.ThatAsync(
        "the replica serves",
        () => process.HasExited ? throw new InvalidOperationException($"It ended with {process.ExitCode}: {Output}") : Task.FromResult(url.Task.IsCompleted),
        TimeSpan.FromMinutes(2));

    public async Task<FlowStatus> StatusAsync() =>
        (await Client.GetFromJsonAsync<FlowStatus>($"{await url.Task}/flow/status", JsonSerializerOptions.Web, TestContext.Current.CancellationToken))!;

    public void Signal(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Ends it by a signal.</summary>
    public async Task EndAsync(string signal)
    {
        Signal(signal);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Asks it to end by a signal, and waits so long at most.</summary>
    /// <returns>Its exit code.</returns>
    public async Task<int> EndAsync(string signal, TimeSpan limit)
    {
        Signal(signal);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(limit, TestContext.Current.CancellationToken);
        return process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        process.Dispose();
    }

    private void Hear(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (lines)
        {
            lines.Add(line);
        }

        if (line.StartsWith("http://", StringComparison.Ordinal))
        {
            url.TrySetResult(line);
        }
    }
}
