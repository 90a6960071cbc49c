using FlowPlatform.Dashboard.Events;
using FlowPlatform.Dashboard.Tests.Support;
using FlowPlatform.Log;

namespace FlowPlatform.Dashboard.Tests.Events;

/// <summary>Looking into streams of a real broker.</summary>
public sealed class BrokerBrowseTests(DashboardBroker broker) : BrowseTests(broker, embedded: false);

/// <summary>Looking into streams of the embedded log.</summary>
public sealed class EmbeddedBrowseTests(DashboardBroker broker) : BrowseTests(broker, embedded: true);

/// <summary>Looking into streams, of whichever log they are.</summary>
public abstract class BrowseTests(DashboardBroker broker, bool embedded) : IAsyncLifetime
{
    private TestLog? opened;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private IEventLog Log => opened!.Log;

    public async ValueTask InitializeAsync() => opened = await TestLog.OpenAsync(broker, embedded);

    public async ValueTask DisposeAsync()
    {
        await opened!.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task The_newest_come_first_and_older_pages_lead_back_to_the_first_without_a_gap()
    {
        var stream = await DashboardBroker.CreateStreamAsync(Log, "browse", 2);
        await DashboardBroker.AppendAsync(Log, new PartitionId(stream, 0), [.. Enumerable.Range(1, 25).Select(sequence => DashboardBroker.Event(sequence, id: $"a-{sequence}"))]);
        await DashboardBroker.AppendAsync(Log, new PartitionId(stream, 1), [.. Enumerable.Range(1, 7).Select(sequence => DashboardBroker.Event(sequence, id: $"b-{sequence}"))]);
        await using var dashboard = await StartAsync();
        var seen = new List<string>();
        var request = new BrowseRequest(stream, null, EventFilter.All, 10);
        do
        {
            var page = await BrowseAsync(dashboard, request);
            page.Events.Count.ShouldBeLessThanOrEqualTo(10);
            page.Events.GroupBy(static record => record.Partition).ShouldAllBe(part => part.Select(record => record.Offset).SequenceEqual(part.Select(record => record.Offset).OrderDescending()));
            seen.AddRange(page.Events.Select(static record => record.Event.Id));
            request = request with { Before = page.More };
        }
        while (request.Before is not null);

        seen.Count.ShouldBe(32);
        seen.Distinct().Count().ShouldBe(32);
        seen[0].ShouldBe("b-7");
    }

    [Fact]
    public async Task Events_are_found_by_key_type_id_offset_and_time()
    {
        var stream = await DashboardBroker.CreateStreamAsync(Log, "find", 3);
        var of536365 = new PartitionId(stream, Partitioner.PartitionOf("536365", 3));
        await DashboardBroker.AppendAsync(Log, of536365, DashboardBroker.Event(1, key: "536365"), DashboardBroker.Event(2, "orders.returned.v1", "536365", conversation: "c-1"), DashboardBroker.Event(3, key: "other"));
        var between = (await Log.ReadLastAsync(of536365, Cancel))!.Value.Timestamp.AddMilliseconds(1);
        await Eventually.ThatAsync("the next event is of another millisecond", () => TimeProvider.System.GetUtcNow() > between);
        await DashboardBroker.AppendAsync(Log, of536365, DashboardBroker.Event(4, key: "536365"));
        await using var dashboard = await StartAsync();
        (await IdsAsync(dashboard, new BrowseRequest(stream, null, new EventFilter { Key = "536365" }, 50))).ShouldBe(["e-4", "e-2", "e-1"]);
        (await IdsAsync(dashboard, new BrowseRequest(stream, null, new EventFilter { Type = "orders.ret" }, 50))).ShouldBe(["e-2"]);
        (await IdsAsync(dashboard, new BrowseRequest(stream, null, new EventFilter { Id = "c-1" }, 50))).ShouldBe(["e-2"]);
        (await IdsAsync(dashboard, new BrowseRequest(stream, of536365.Index, EventFilter.All, 50) { Offset = 2 })).ShouldBe(["e-3", "e-4"]);
        (await IdsAsync(dashboard, new BrowseRequest(stream, null, EventFilter.All, 50) { From = between })).ShouldBe(["e-4"]);
        (await IdsAsync(dashboard, new BrowseRequest(stream, null, EventFilter.All, 50) { From = TimeProvider.System.GetUtcNow().AddHours(1) })).ShouldBeEmpty("What would wait for the future is no page.");
    }

    [Fact]
    public async Task A_search_ends_at_its_limit_says_how_far_it_came_and_goes_on_there()
    {
        var stream = await DashboardBroker.CreateStreamAsync(Log, "limit", 1);
        var partition = new PartitionId(stream, 0);
        await DashboardBroker.AppendAsync(Log, partition, [.. Enumerable.Range(1, 500).Select(sequence => DashboardBroker.Event(sequence, key: sequence == 400 ? "wanted" : "any"))]);
        await using var dashboard = await StartAsync();
        var scan = dashboard.Get<EventScan>();
        var first = await scan.RunAsync([new Slice(partition, LogPosition.First, 499)], IsWanted, 50, 300, null, CancellationToken.None, Cancel);
        (first.End, first.Progress.Scanned, first.Events.Count).ShouldBe((ScanEnd.Limit, 300, 0));
        var next = ScanCursor.TryParse(first.Next.ToString())!;
        next.Next[partition].ShouldBe(300);
        var second = await scan.RunAsync([new Slice(partition, LogPosition.At(next.Next[partition]), 499)], IsWanted, 50, 300, null, CancellationToken.None, Cancel);
        (second.End, second.Events.ShouldHaveSingleItem().Event.Sequence).ShouldBe((ScanEnd.Complete, 400));
    }

    [Fact]
    public async Task A_search_that_is_stopped_keeps_what_it_found()
    {
        var stream = await DashboardBroker.CreateStreamAsync(Log, "stop", 1);
        var partition = new PartitionId(stream, 0);
        await DashboardBroker.AppendAsync(Log, partition, [.. Enumerable.Range(1, 50).Select(sequence => DashboardBroker.Event(sequence))]);
        await using var dashboard = await StartAsync();
        using var stop = new CancellationTokenSource();

        // There is no event 1000: without a stop it would wait for it.
        var page = await dashboard.Get<EventScan>().RunAsync([new Slice(partition, LogPosition.First, 1_000)], record => Stop(record.Event.Sequence == 50), 1_000, 1_000, null, stop.Token, Cancel);
        (page.End, page.Events.Count).ShouldBe((ScanEnd.Stopped, 50));

        bool Stop(bool last)
        {
            if (last)
            {
                stop.Cancel();
            }

            return true;
        }
    }

    [Fact]
    public async Task What_an_event_caused_is_found_in_all_streams()
    {
        var (orders, inventory) = (await DashboardBroker.CreateStreamAsync(Log, "orders", 2), await DashboardBroker.CreateStreamAsync(Log, "inventory", 2));
        await DashboardBroker.AppendAsync(Log, new PartitionId(orders, 0), DashboardBroker.Event(1, id: "before", conversation: "other"), DashboardBroker.Event(2, id: "root", conversation: "root"));
        await DashboardBroker.AppendAsync(Log, new PartitionId(inventory, 1), DashboardBroker.Event(1, id: "child", cause: "root", conversation: "root"), DashboardBroker.Event(2, id: "stranger", cause: "before", conversation: "other"));
        await DashboardBroker.AppendAsync(Log, new PartitionId(orders, 1), DashboardBroker.Event(1, id: "grandchild", cause: "child", conversation: "root"), DashboardBroker.Event(2, id: "related", cause: "a-command", conversation: "root"));
        await using var service = await ScriptedService.StartAsync("orders");
        service.Status = service.StatusAt(0) with { Consumers = [], Streams = [new(orders, 0, 2, 2), new(orders, 1, 2, 2), new(inventory, 0, 0, 0), new(inventory, 1, 2, 2)] };
        await using var dashboard = await StartAsync(service);
        await Eventually.ThatAsync("the streams are known", () => dashboard.Get<FlowPlatform.Dashboard.Streams.FlowBoard>().Known.Count == 4);
        var root = (await dashboard.Get<StreamBrowser>().FindAsync(new PartitionId(orders, 0), 1, Cancel))!.Value;
        var tree = await dashboard.Get<CausationSearch>().RunAsync(root, TimeSpan.FromMinutes(5), null, CancellationToken.None, Cancel);
        tree.End.ShouldBe(ScanEnd.Complete);
        tree.Nodes.Select(static node => (node.Record.Event.Id, node.Depth)).ShouldBe([("root", 0), ("child", 1), ("grandchild", 2)]);
        tree.Related.ShouldHaveSingleItem().Event.Id.ShouldBe("related");
    }

    [Fact]
    public async Task A_tail_gives_what_comes_in_all_partitions_that_may_hold_what_is_wanted()
    {
        var stream = await DashboardBroker.CreateStreamAsync(Log, "tail", 3);
        await DashboardBroker.AppendAsync(Log, new PartitionId(stream, 0), DashboardBroker.Event(1, id: "before"));
        await using var dashboard = await StartAsync();
        var (connection, cap) = (dashboard.Get<FlowPlatform.Dashboard.Streams.LogConnection>(), dashboard.Get<RateCap>());
        await using var all = await EventTail.OpenAsync(connection, cap, stream, null, EventFilter.All, Cancel);
        await using var ofKey = await EventTail.OpenAsync(connection, cap, stream, null, new EventFilter { Key = "536365" }, Cancel);
        var home = Partitioner.PartitionOf("536365", 3);
        foreach (var partition in Enumerable.Range(0, 3))
        {
            await DashboardBroker.AppendAsync(Log, new PartitionId(stream, partition), DashboardBroker.Event(partition == 0 ? 2 : 1, id: $"in-{partition}", key: partition == home ? "536365" : "other"));
        }

        (await ReadAsync(all, 3)).ShouldBe(["in-0", "in-1", "in-2"]);
        (await ReadAsync(ofKey, 1)).ShouldBe([$"in-{home}"]);
        await Should.ThrowAsync<StreamNotFoundException>(() => EventTail.OpenAsync(connection, cap, stream, 3, EventFilter.All, Cancel));
        await Should.ThrowAsync<StreamNotFoundException>(() => EventTail.OpenAsync(connection, cap, $"none-{Guid.NewGuid():N}", null, EventFilter.All, Cancel));
    }

    /// <summary>The ids of so many, in their order: partitions don't wait for one another.</summary>
    private static async Task<IEnumerable<string>> ReadAsync(EventTail tail, int count)
    {
        var ids = new List<string>();
        while (ids.Count < count)
        {
            ids.AddRange((await tail.ReadAsync(count - ids.Count, Cancel)).Select(static record => record.Event.Id));
        }

        return ids.Order(StringComparer.Ordinal);
    }

    private static bool IsWanted(LogRecord record) => record.Event.Key == "wanted";

    private static Task<BrowsePage> BrowseAsync(TestDashboard dashboard, BrowseRequest request) => dashboard.Get<StreamBrowser>().BrowseAsync(request, null, CancellationToken.None, Cancel);

    private static async Task<IEnumerable<string>> IdsAsync(TestDashboard dashboard, BrowseRequest request) => (await BrowseAsync(dashboard, request)).Events.Select(static record => record.Event.Id);

    private Task<TestDashboard> StartAsync(params ScriptedService[] services) => TestDashboard.StartAsync(settings: [.. opened!.Settings, .. ScriptedService.Settings(services)]);
}
