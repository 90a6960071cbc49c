using System.Net.Http.Json;
using System.Text.Json;
using FlowPlatform.Chaos.Plan;
using FlowPlatform.Chaos.Running;
using FlowPlatform.Chaos.Watching;
using FlowPlatform.Cli;
using FlowPlatform.RabbitMQ.StreamProtocol;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.Chaos.Checking;

/// <summary>What was found at the end.</summary>
/// <param name="Failures">Everything that doesn't hold.</param>
/// <param name="Invariants">Number of invariants that were checked.</param>
/// <param name="Events">Distinct events in the log.</param>
/// <param name="Repeated">Entries that the log has a second time.</param>
/// <param name="Rows">Rows of read models that were compared.</param>
/// <param name="Orders">Orders in the log.</param>
internal sealed record Findings(IReadOnlyList<string> Failures, int Invariants, long Events, long Repeated, int Rows, long Orders);

/// <summary>After the faults: all of the input must come through, the invariants must hold, and every read model must be the fold of the log.</summary>
internal sealed class SystemCheck(HostedSystem system, StatusBoard board, InputFile input, TimeProvider time)
{
    private static readonly string[] Streams = ["orders", "inventory", "payments", "shipments"];
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(500);

    /// <summary>Longest time in which no event comes to the log while something of the input is missing. What waits for a back-off may take a minute.</summary>
    private static readonly TimeSpan StallLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(1);
    private const string QuietSeconds = "60";

    public async Task<Findings> RunAsync(CancellationToken cancellationToken)
    {
        var failures = new List<string>();
        if (await WaitForInputAsync(cancellationToken) is { } stalled)
        {
            failures.Add(stalled);
        }

        var invariants = await CheckInvariantsAsync(failures, cancellationToken);
        if (invariants == 0)
        {
            return new Findings(failures, 0, board.Events, 0, 0, 0); // what still moves can't be compared
        }

        var fold = await FoldAsync(failures, cancellationToken);
        var found = await new StoreReader(system).ReadAsync(cancellationToken);
        failures.AddRange(found.DifferencesFrom(fold.Result));
        failures.AddRange(CompareWithInput(fold));
        return new Findings(failures, invariants, fold.Events, fold.Repeated, found.Rows, fold.Revenue.Sum(row => row.Row.Orders));
    }

    /// <summary>Null when everything that the input has was accepted; else what is missing, once nothing moves any more.</summary>
    private async Task<string?> WaitForInputAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        var (moved, events) = (time.GetTimestamp(), board.Events);
        var missing = "Orders doesn't answer";
        while (time.GetElapsedTime(moved) < StallLimit)
        {
            if (await SummaryAsync(http, cancellationToken) is { } summary)
            {
                var (orders, returns) = (summary.GetProperty("accepted").GetInt64(), summary.GetProperty("returns").GetInt64());
                if (orders >= input.Figures.Orders && returns >= input.Figures.Returns)
                {
                    return null;
                }

                missing = $"{orders} of {input.Figures.Orders} orders and {returns} of {input.Figures.Returns} returns were accepted";
            }

            if (board.Events != events)
            {
                (moved, events) = (time.GetTimestamp(), board.Events);
            }

            await Task.Delay(Interval, time, cancellationToken);
        }

        return $"stalled: nothing has moved for {StallLimit.TotalSeconds:0} s; {missing}";
    }

    private async Task<JsonElement?> SummaryAsync(HttpClient http, CancellationToken cancellationToken)
    {
        try
        {
            return await http.GetFromJsonAsync<JsonElement>(new Uri(system.Urls.First(url => url.Key.StartsWith("orders", StringComparison.Ordinal)).Value, "orders/summary"), cancellationToken);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>By the command <c>flow check</c>, which waits for quiet; again for as long as something moves. None, if there is no quiet.</summary>
    private async Task<int> CheckInvariantsAsync(List<string> failures, CancellationToken cancellationToken)
    {
        for (var marks = long.MinValue; ;)
        {
            var found = new List<string>();
            var invariants = await CheckOnceAsync(found, cancellationToken);
            if (invariants > 0 || board.Marks <= marks)
            {
                failures.AddRange(found);
                return invariants;
            }

            marks = board.Marks;
        }
    }

    private async Task<int> CheckOnceAsync(List<string> failures, CancellationToken cancellationToken)
    {
        var (answer, fault) = (new StringWriter(), new StringWriter());
        await FlowCli.RunAsync(
            ["check", "--data", system.Data, "--wait", QuietSeconds, "--json"], new Terminal { Out = answer, Error = fault, In = TextReader.Null, WorkingDirectory = system.Data, Clock = time }, cancellationToken);
        if (answer.ToString() is not { Length: > 0 } text)
        {
            failures.Add($"flow check: {fault}");
            return 0;
        }

        using var json = JsonDocument.Parse(text);
        failures.AddRange(json.RootElement.GetProperty("obstacles").EnumerateArray().Select(obstacle => $"not quiet: {obstacle}"));
        var invariants = json.RootElement.GetProperty("invariants").EnumerateArray().ToList();
        failures.AddRange(invariants.Where(invariant => !invariant.GetProperty("ok").GetBoolean()).Select(invariant => $"invariant {invariant.GetProperty("name")}: {invariant.GetProperty("detail")}"));
        return invariants.Count;
    }

    private async Task<Fold> FoldAsync(List<string> failures, CancellationToken cancellationToken)
    {
        using var json = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(system.Data, "apphost.json"), cancellationToken));
        var broker = new Uri(json.RootElement.GetProperty("brokerStream").GetString()!);
        var credentials = broker.UserInfo.Split(':');
        var reader = new LogReader([new StreamEndpoint(broker.Host, broker.Port)], credentials[0], credentials[1]);
        var fold = new Fold();
        var ends = await EndsAsync(cancellationToken);
        foreach (var (stream, partition) in ends.Keys.Order())
        {
            var name = FormattableString.Invariant($"{stream}-{partition}");
            var events = await reader.ReadAsync(name, ends[(stream, partition)], cancellationToken);
            fold.Add(name, events);
            if ((events.Count == 0 ? 0 : events.Max(e => e.Sequence)) is var last && last != ends[(stream, partition)])
            {
                failures.Add($"{name} ends at {last}; its producer says {ends[(stream, partition)]}");
            }
        }

        failures.AddRange(Streams.Where(stream => ends.Keys.All(key => key.Stream != stream)).Select(stream => $"nobody says where {stream} ends"));
        failures.AddRange(fold.Faults);
        return fold;
    }

    /// <summary>Where the streams end now that everything is at rest. What the board has may be seconds older on a busy machine.</summary>
    private async Task<IReadOnlyDictionary<(string Stream, int Partition), long>> EndsAsync(CancellationToken cancellationToken)
    {
        var atRest = time.GetTimestamp();
        await system.UntilAsync("every service says where its streams end", () => Topology.Stores.All(service => board.Of(service, atRest).Count > 0), AnswerLimit, cancellationToken);
        return board.LastSequences();
    }

    /// <summary>What came to the log is what the file adds up to.</summary>
    private IEnumerable<string> CompareWithInput(Fold fold)
    {
        foreach (var (name, expected, key) in new (string, IReadOnlyDictionary<string, FigureRow>, Func<(string Day, string Country, Fold.RevenueRow Row), string>)[]
        {
            ("day", input.Figures.ByDay, row => row.Day), ("country", input.Figures.ByCountry, row => row.Country),
        })
        {
            var found = fold.Revenue.GroupBy(key).ToDictionary(rows => rows.Key, rows => new FigureRow(
                rows.Sum(row => row.Row.Orders), rows.Sum(row => row.Row.Units), Figures.Text(rows.Sum(row => row.Row.Gross)), Figures.Text(rows.Sum(row => row.Row.Returns)),
                Figures.Text(rows.Sum(row => row.Row.Gross + row.Row.Returns))));
            foreach (var different in expected.Keys.Union(found.Keys).Where(other => expected.GetValueOrDefault(other) != found.GetValueOrDefault(other)).Take(5))
            {
                yield return $"{name} {different}: the input has {expected.GetValueOrDefault(different)}, the log {found.GetValueOrDefault(different)}";
            }
        }

        if (fold.Adjustments != (input.Figures.Adjusted, input.Figures.Adjustments))
        {
            yield return $"adjustments: the input has {(input.Figures.Adjusted, input.Figures.Adjustments)}, the log {fold.Adjustments}";
        }
    }
}
