using FlowPlatform.Commands;
using FlowPlatform.Storage.EmbeddedLog;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.RabbitMQ.Tests.Commands;

/// <summary>Rule M1 where queues don't outlive the process.</summary>
public sealed class InMemoryCommandTests : IDisposable
{
    private readonly TemporaryDirectory directory = new();
    private readonly Outside outside = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task The_embedded_log_stands_in_for_the_broker_though_one_is_named()
    {
        await using var service = await StartAsync();

        service.Log.ShouldBeOfType<EmbeddedEventLog>();
        service.Bus.KeepsCommands.ShouldBeFalse();
    }

    [Fact]
    public async Task A_commands_row_goes_only_when_it_is_handled()
    {
        var gate = new TaskCompletionSource();
        outside.Answer = (_, _, _) => gate.Task;
        await using var service = await StartAsync();

        await service.DecideAsync("one");
        await outside.CallsAsync(1);
        (await service.CountUnhandledAsync()).ShouldBe(1);
        gate.SetResult();

        await NothingIsLeftAsync(service);
        (await outside.EffectsAsync(1)).ShouldBe(["one"]);
    }

    [Fact]
    public async Task What_was_not_handled_when_the_process_ended_is_sent_again_at_its_next_start()
    {
        outside.Answer = (work, _, cancellationToken) => work.What == "done" ? Task.CompletedTask : new TaskCompletionSource().Task.WaitAsync(cancellationToken);
        await using (var first = await StartAsync())
        {
            await first.DecideAsync("done", "cut short", "cut short, too");
            await outside.CallsAsync(3);
            await Eventually.ThatAsync("one is handled", async () => await first.CountUnhandledAsync() == 2);
        }

        outside.Answer = (_, _, _) => Task.CompletedTask;
        await using var second = await StartAsync();

        await NothingIsLeftAsync(second);
        (await outside.EffectsAsync(3)).ShouldBe(["done", "cut short", "cut short, too"], ignoreOrder: true);
    }

    [Fact]
    public async Task Commands_decided_after_others_were_handled_are_sent()
    {
        await using var service = await StartAsync();
        for (var round = 1; round <= 5; round++)
        {
            await service.DecideAsync($"{round} a", $"{round} b");
            await NothingIsLeftAsync(service);
        }

        (await outside.EffectsAsync(10)).Length.ShouldBe(10);
    }

    [Fact]
    public async Task A_handled_command_that_is_decided_again_leaves_nothing_behind()
    {
        await using var service = await StartAsync();
        await service.DecideAsync("once");
        await NothingIsLeftAsync(service);

        await service.DecideAsync("once");
        (await service.CountUnhandledAsync()).ShouldBe(0);
        await service.DecideAsync("last");

        (await outside.EffectsAsync(2)).ShouldBe(["once", "last"]);
    }

    [Fact]
    public async Task More_commands_than_there_is_room_for_in_memory_are_all_handled()
    {
        const int count = 6_000;
        await using var service = await StartAsync();

        await service.DecideAsync([.. Enumerable.Range(1, count).Select(number => $"item {number}")]);

        (await outside.EffectsAsync(count)).Distinct().Count().ShouldBe(count);
        await NothingIsLeftAsync(service);
    }

    [Fact]
    public async Task What_takes_long_goes_to_the_end_of_its_queue_and_its_attempts_go_with_it()
    {
        outside.Answer = (_, context, _) => context.Attempt < 4 ? throw new CommandRetryException("The gateway is away.") : Task.CompletedTask;
        await using var service = await StartAsync(maxStay: TimeSpan.Zero);

        await service.DecideAsync("patient");

        (await outside.EffectsAsync(1)).ShouldBe(["patient"]);
        (await outside.CallsAsync(4)).Select(call => call.Attempt).ShouldBe([1, 2, 3, 4]);
    }

    [Fact]
    public async Task Five_faults_leave_a_command_in_the_outbox_and_hold_nobody_up()
    {
        outside.Answer = (work, _, _) => work.What == "broken" ? throw new InvalidOperationException("A bug.") : Task.CompletedTask;
        await using (var service = await StartAsync())
        {
            await service.DecideAsync("broken", "fine");
            (await outside.EffectsAsync(1)).ShouldBe(["fine"]);
            await outside.CallsAsync(6);
            await Eventually.ThatAsync("only the broken one is left", async () => await service.CountUnhandledAsync() == 1);
        }

        outside.Answer = (_, _, _) => Task.CompletedTask;
        await using var mended = await StartAsync();
        (await outside.EffectsAsync(1)).ShouldBe(["broken"]);
    }

    private static Task NothingIsLeftAsync(InMemoryService service) =>
        Eventually.ThatAsync("every command is handled", async () => await service.CountUnhandledAsync() == 0);

    private Task<InMemoryService> StartAsync(TimeSpan? maxStay = null) => InMemoryService.StartAsync(directory.Path, outside, maxStay);
}
