using System.Collections.Concurrent;
using System.Net.Http.Json;
using System.Text.Json;
using FlowPlatform.Chaos.Plan;
using FlowPlatform.Chaos.Running;
using FlowPlatform.Hosting;

namespace FlowPlatform.Chaos.Watching;

/// <summary>What a process answered.</summary>
/// <param name="AskedAt">Timestamp from before it was asked: what it says is not older.</param>
/// <param name="Status">Its answer.</param>
internal sealed record Answer(long AskedAt, FlowStatus Status);

/// <summary>Asks every process of a service for its status, several times a second, and keeps the latest answers. Safe for concurrent use.</summary>
internal sealed class StatusBoard(HostedSystem system, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(1);

    /// <summary>A question that is given up costs a service more than one that is answered.</summary>
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>Of the time that an answer took: who is slow is asked less often.</summary>
    private const int Rests = 4;

    private readonly HttpClient http = new() { Timeout = Limit };
    private readonly ConcurrentDictionary<string, Answer> answers = new(StringComparer.Ordinal);

    /// <summary>Asks until it is cancelled.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(system.Urls.Where(url => Topology.Stores.Contains(Topology.ServiceOf(url.Key))).Select(url => AskAsync(url.Key, new Uri(url.Value, "flow/status"), cancellationToken)));

    /// <summary>The latest answers of a service's processes that were asked after <paramref name="since"/>.</summary>
    public IReadOnlyList<FlowStatus> Of(string service, long since) =>
        [.. answers.Where(answer => Topology.ServiceOf(answer.Key) == service && answer.Value.AskedAt > since).Select(answer => answer.Value.Status)];

    /// <summary>Whether it is a process that is asked.</summary>
    public bool Knows(string process) => answers.ContainsKey(process);

    /// <summary>Whether this very process has answered since.</summary>
    public bool Answers(string process, long since) => answers.TryGetValue(process, out var answer) && answer.AskedAt > since;

    /// <summary>Last sequence that the producers of all streams have given, as they said it last.</summary>
    public IReadOnlyDictionary<(string Stream, int Partition), long> LastSequences() => answers.Values
        .SelectMany(answer => answer.Status.Streams).GroupBy(row => (row.Stream, row.Partition)).ToDictionary(rows => rows.Key, rows => rows.Max(row => row.LastSequence));

    /// <summary>Events in all streams.</summary>
    public long Events => LastSequences().Values.Sum();

    /// <summary>Marks of all consumers together, as their services said them last: greater as long as something is applied.</summary>
    public long Marks => answers.Values.SelectMany(answer => answer.Status.Consumers).Sum(row => row.Mark);

    public void Dispose() => http.Dispose();

    private async Task AskAsync(string process, Uri url, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var asked = time.GetTimestamp();
            try
            {
                if (await http.GetFromJsonAsync<FlowStatus>(url, FlowPlatform.Events.FlowJson.Options, cancellationToken) is { } status)
                {
                    answers[process] = new Answer(asked, status);
                }
            }
            catch (Exception e) when (e is HttpRequestException or JsonException or IOException or OperationCanceledException)
            {
                continue; // down, or too slow: that is what this is about
            }
            finally
            {
                await WaitAsync(time.GetElapsedTime(asked) * Rests, cancellationToken);
            }
        }
    }

    private async Task WaitAsync(TimeSpan rest, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(rest > LongestInterval ? LongestInterval : rest > Interval ? rest : Interval, time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return; // the loop looks
        }
    }
}
