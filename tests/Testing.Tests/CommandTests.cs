using FlowPlatform.Commands;
using FlowPlatform.Storage;
using FlowPlatform.Testing.Tests.Loyalty;
using Microsoft.Extensions.DependencyInjection;
using static FlowPlatform.Testing.Tests.OrderEvents;

namespace FlowPlatform.Testing.Tests;

public sealed class CommandTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    [Fact]
    public async Task A_command_that_fails_five_times_ends_the_wait_with_its_exception()
    {
        var post = new ScriptedPost { Answer = (_, _) => throw new InvalidOperationException("No such street.") };
        await using var flow = await StartAsync(post);
        await flow.GivenAsync(Order("1"));
        var failure = await Should.ThrowAsync<FlowTestException>(() => flow.SettledAsync());
        failure.InnerException.ShouldBeOfType<InvalidOperationException>();
        failure.Message.ShouldContain("failed 5 times: No such street.");
        post.Calls.ShouldBe(5);
    }

    [Fact]
    public async Task A_command_that_asks_for_another_try_is_named_and_survives_a_restart()
    {
        var open = false;
        var post = new ScriptedPost { Answer = (customer, _) => open ? $"Dear {customer}" : throw new CommandRetryException("The post office is closed.") };
        await using var flow = await StartAsync(post);
        await flow.GivenAsync(Order("1"));
        var failure = await Should.ThrowAsync<FlowTestException>(() => flow.SettledAsync(Short));
        failure.Message.ShouldContain("command loyalty.welcome ");
        failure.Message.ShouldContain("the last one said: The post office is closed.");
        await flow.RestartAsync();
        open = true;
        await flow.SettledAsync();
        (await flow.QueryAsync<string>("SELECT letter FROM welcome")).ShouldBe(["Dear anna"]);
        post.LastAttempt.ShouldBe(post.Calls, "Attempts are counted across the restart.");
    }

    [Fact]
    public async Task One_command_that_waits_holds_up_no_other()
    {
        var post = new ScriptedPost { Answer = (customer, _) => customer != "anna" ? "Dear" : throw new CommandRetryException("Anna's street is closed.") };
        await using var flow = await StartAsync(post);
        await flow.GivenAsync(Order("1", "anna"));
        await flow.GivenAsync(Order("2", "bert"));
        await Eventually.ThatAsync("bert has a letter", () => flow.QueryAsync<string>("SELECT customer_id FROM welcome"), rows => rows.SequenceEqual(["bert"]));
    }

    [Fact]
    public async Task Commands_that_the_test_keeps_back_wait_in_the_outbox()
    {
        var post = new ScriptedPost();
        await using var flow = await StartAsync(post, options => options.HandleCommands = false);
        await flow.GivenAsync(Order("1"));
        await flow.SettledAsync();
        post.Calls.ShouldBe(0);
        (await flow.Store.Outbox.CountCommandsAsync(TestContext.Current.CancellationToken)).ShouldBe(1);
    }

    [Fact]
    public async Task A_second_delivery_comes_where_the_test_wants_it_and_only_there()
    {
        // An inbox that forgets is the one way to see it.
        const string Forget = "CREATE TRIGGER forget AFTER INSERT ON flow_inbox BEGIN DELETE FROM flow_inbox; END";
        await using var once = await StartAsync(new ScriptedPost());
        await once.Store.WriteAsync(async transaction => await transaction.ExecuteAsync(Forget), TestContext.Current.CancellationToken);
        await once.GivenAsync(Order("1"));
        await once.SettledAsync();
        await using var twice = await StartAsync(new ScriptedPost(), options => options.CommandsTwice = true);
        await twice.Store.WriteAsync(async transaction => await transaction.ExecuteAsync(Forget), TestContext.Current.CancellationToken);
        await twice.GivenAsync(Order("1"));
        (await Should.ThrowAsync<FlowTestException>(() => twice.SettledAsync())).Message.ShouldContain("UNIQUE constraint failed: welcome.customer_id");
    }

    private static Task<FlowTest> StartAsync(ScriptedPost post, Action<FlowTestOptions>? configure = null) => FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare, options =>
    {
        options.Services = services => services.AddSingleton<Post>(post);
        configure?.Invoke(options);
    });

    private sealed class ScriptedPost : Post
    {
        private int calls;

        public Func<string, CommandContext, string> Answer { get; init; } = static (customer, _) => $"Dear {customer}";

        public int Calls => Volatile.Read(ref calls);

        public int LastAttempt { get; private set; }

        public override Task<string> SendAsync(string customer, CommandContext context)
        {
            Interlocked.Increment(ref calls);
            LastAttempt = context.Attempt;
            return Task.FromResult(Answer(customer, context));
        }
    }
}
