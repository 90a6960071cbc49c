using System.Net.Http.Json;
using Aspire.Hosting;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.ResourceService;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.Orchestration.Tests.ResourceService;

public sealed class ConsoleTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_a_service_writes_is_numbered_and_read_on_from_where_a_reader_has_come_to()
    {
        await using var served = new ServedApplication();
        served.Application.AddService("service", "--print=hello");
        await served.StartAsync();
        await served.HealthyAsync("service");
        await Eventually.HoldsAsync("both lines are there", async () => (await ReadAsync(served, "?after=0")).Lines.Count == 2);
        var all = await ReadAsync(served, "?after=0");
        all.Lines.Select(line => line.Number).ShouldBe([1, 2]);
        all.Lines.Select(line => line.Text).ShouldBe(["hello", "hello"]);
        all.Lines.Select(line => line.IsError).Order().ShouldBe([false, true]);
        (await ReadAsync(served, $"?after=1&instance={all.Instance}")).Lines.Single().Number.ShouldBe(2);
        (await ReadAsync(served, $"?after=2&instance={all.Instance}")).Lines.ShouldBeEmpty();
        (await ReadAsync(served, "?after=2&instance=another")).Lines.Count.ShouldBe(2, "numbers of another AppHost say nothing");
        (await ReadAsync(served, "?tail=1")).Lines.Single().Number.ShouldBe(2);

        await foreach (var (type, data) in served.EventsAsync("/v1/resources/service/console/changes?after=2"))
        {
            type.ShouldBe("lines");
            var lines = data.GetProperty("lines");
            if (lines.GetArrayLength() == 0)
            {
                (await served.CommandAsync("service", "restart")).Code.ShouldBeNull();
                continue;
            }
            lines[0].GetProperty("number").GetInt64().ShouldBe(3, "a new start goes on counting");
            break;
        }
        using var none = await served.Client.GetAsync("/v1/resources/service/console?after=x", Cancel);
        (await ServedApplication.CodeOfAsync(none)).ShouldBe("bad-request");
    }

    [Fact]
    public void A_reader_that_is_too_slow_misses_lines_and_sees_it()
    {
        var tail = new ConsoleTail();
        for (var i = 1; i <= ConsoleTail.LinesMax + 500; i++)
        {
            tail.Add(DateTimeOffset.UnixEpoch, new OutputLine($"line {i}", IsError: false));
        }
        tail.Last.ShouldBe(ConsoleTail.LinesMax + 500);
        tail.After(0, 10).Select(line => line.Number).ShouldBe(Enumerable.Range(501, 10).Select(number => (long)number));
        tail.After(2_495, 10).Select(line => line.Number).ShouldBe([2_496L, 2_497, 2_498, 2_499, 2_500]);
        tail.After(tail.Last, 10).ShouldBeEmpty();
        tail.BeforeLast(3).ShouldBe(2_497);
    }

    [Fact]
    public void Long_lines_are_bounded_by_their_characters()
    {
        var tail = new ConsoleTail();
        for (var i = 0; i < 1_000; i++)
        {
            tail.Add(DateTimeOffset.UnixEpoch, new OutputLine(new string('x', OutputReader.LineLengthMax), IsError: false));
        }
        tail.After(0, int.MaxValue).Count.ShouldBe((4 << 20) / OutputReader.LineLengthMax);
    }

    private static async Task<ConsoleLines> ReadAsync(ServedApplication served, string query) =>
        (await served.Client.GetFromJsonAsync<ConsoleLines>($"/v1/resources/service/console{query}", Cancel))!;
}
