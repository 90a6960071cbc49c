using System.Text.Json;
using System.Text.RegularExpressions;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.EndToEnd.Tests.Repair;

/// <summary>A broker that comes back with less than it had confirmed, while the whole system works on it.</summary>
public sealed partial class LostTailTests
{
    private static readonly string[] Streams = ["orders", "inventory", "payments", "shipments"];

    [Fact]
    public async Task What_a_crashed_broker_has_lost_is_published_again_and_who_had_applied_it_neither_applies_it_twice_nor_stops()
    {
        using var folder = new TemporaryDirectory();
        await using var host = await AppHostProcess.StartAsync(Path.Combine(folder.Path, "data"), "--rate", "30/s");
        var urls = await host.UrlsAsync();
        using var orders = new OrdersClient(urls["orders"]);
        await host.UntilAsync("120 orders are shipped", async () => await orders.SummaryAsync() is { Shipped: >= 120 });

        var marks = await MarksAsync(host);
        await host.WhilePausedAsync(async () =>
        {
            await host.KillBrokerAsync();
            foreach (var stream in Streams)
            {
                StreamFiles.CutTail(host.BrokerData, stream, chunks => chunks / 2).Count.ShouldBe(3);
            }
        });

        await host.UntilAsync("every stream's producer has noticed", async () => (await LossesAsync(host)).Select(loss => loss.Stream).Distinct().Count() == Streams.Length);
        var shipped = (await orders.SummaryAsync()).ShouldNotBeNull().Shipped;
        await host.UntilAsync("orders are shipped again", async () => await orders.SummaryAsync() is { } now && now.Shipped >= shipped + 60);

        // Nothing was lost for good, and what consumers had applied is what was lost.
        foreach (var loss in await LossesAsync(host))
        {
            loss.Gap.ShouldBeFalse(loss.ToString());
        }

        var losses = await LossesAsync(host);
        foreach (var stream in Streams)
        {
            losses.ShouldContain(
                loss => loss.Stream == stream && marks.Any(row => row.Stream == stream && row.Partition == loss.Partition && row.Mark > loss.EndedAt), $"somebody had applied what {stream} lost");
        }

        (await host.DoneAsync("check", "--wait", "120")).ShouldContain("invariants hold.");
        var status = await host.DoneAsync("status");
        status.ShouldNotContain("stopped");
        status.ShouldContain("To look at:");
        status.ShouldContain("outbox has noted");
        await HasEverythingOnceAsync(host);
    }

    /// <summary>In every partition the sequences are 1 to its end, each once, and no event is in the log under two of them.</summary>
    private static async Task HasEverythingOnceAsync(AppHostProcess host)
    {
        await using var log = await WholeLog.OpenAsync(host);
        foreach (var stream in Streams)
        {
            var partitions = await log.ReadAsync(stream);
            foreach (var records in partitions)
            {
                records.Select(record => record.Event.Sequence).ShouldBe(Enumerable.Range(1, records.Count).Select(number => (long)number), stream);
            }

            partitions.SelectMany(records => records).Select(record => record.Event.Id).ShouldBeUnique(stream);
        }
    }

    private static async Task<List<(string Service, string Consumer, string Stream, int Partition, long Mark)>> MarksAsync(AppHostProcess host) =>
    [
        .. from service in (await host.JsonAsync("status")).GetProperty("services").EnumerateArray()
           where service.GetProperty("flow").ValueKind == JsonValueKind.Object
           from row in service.GetProperty("flow").GetProperty("consumers").EnumerateArray()
           select (service.GetProperty("name").GetString()!, row.GetProperty("consumer").GetString()!, row.GetProperty("stream").GetString()!, row.GetProperty("partition").GetInt32(), row.GetProperty("mark").GetInt64()),
    ];

    private static async Task<List<Loss>> LossesAsync(AppHostProcess host) =>
    [
        .. from answer in new[] { await host.TryJsonAsync("incidents", "--consumer", "outbox", "--timeout", "60") }
           where answer is not null
           from entry in answer.Value.GetProperty("incidents").EnumerateArray()
           let incident = entry.GetProperty("incident")
           where incident.GetProperty("kind").GetString() == "lost-tail"
           let detail = incident.GetProperty("detail").GetString()!
           select new Loss(incident.GetProperty("stream").GetString()!, incident.GetProperty("partition").GetInt32(), long.Parse(Ended().Match(detail).Groups[1].Value, null), detail),
    ];

    [GeneratedRegex(@"ended at (\d+)\.")]
    private static partial Regex Ended();

    private sealed record Loss(string Stream, int Partition, long EndedAt, string Detail)
    {
        public bool Gap => !Detail.Contains("are published again.", StringComparison.Ordinal) || Detail.Contains("gap", StringComparison.Ordinal);
    }
}
