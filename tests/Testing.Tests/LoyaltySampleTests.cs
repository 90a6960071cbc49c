using Contracts;
using FlowPlatform.Commands;
using FlowPlatform.Testing.Tests.Loyalty;
using Microsoft.Extensions.DependencyInjection;

namespace FlowPlatform.Testing.Tests;

/// <summary>How one tests a service of one's own. The regions are the snippets of docs/testing.md.</summary>
public sealed class LoyaltySampleTests
{
    private static readonly DateTimeOffset Noon = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Orders_become_points()
    {
        #region rows
        await using var flow = await FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare);

        await flow.GivenAsync(Order("1", "anna", 12.50m), at: Noon);
        await flow.GivenAsync(Order("2", "anna", 7.80m), at: Noon.AddHours(1));
        await flow.SettledAsync();

        (await flow.QueryAsync<PointsByCustomer, long>("SELECT points FROM points WHERE customer_id = 'anna'")).ShouldBe([19]);
        #endregion
    }

    [Fact]
    public async Task An_order_grants_points_because_of_it()
    {
        #region emitted
        await using var flow = await FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare);

        var order = await flow.GivenAsync(Order("1", "anna", 12.50m), at: Noon);
        await flow.SettledAsync();

        var granted = flow.Emitted<PointsGranted>().ShouldHaveSingleItem();
        granted.Event.ShouldBe(new PointsGranted("anna", "1", 12));
        granted.Time.ShouldBe(Noon);
        granted.CausationId.ShouldBe(order);
        #endregion
    }

    [Fact]
    public async Task A_letter_that_is_late_is_sent_once()
    {
        #region command
        var post = new BusyPost(refusals: 2);
        await using var flow = await FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare, options =>
        {
            options.Services = services => services.AddSingleton<Post>(post);
            options.CommandsTwice = true;
        });

        await flow.GivenAsync(Order("1", "anna", 12.50m), at: Noon);
        await flow.SettledAsync();

        post.Attempts.ShouldBe([1, 2, 3]);
        (await flow.QueryAsync<string>("SELECT letter FROM welcome")).ShouldBe(["Dear anna"]);
        flow.Emitted<CustomerWelcomed>().ShouldHaveSingleItem().Time.ShouldBe(Noon.AddHours(1));
        #endregion
    }

    [Fact]
    public async Task Nothing_is_lost_or_doubled()
    {
        #region faults
        await using var flow = await FlowTest.StartAsync("loyalty", LoyaltyFlow.Declare);
        await flow.GivenAsync(Order("1", "anna", 10m));
        await flow.SettledAsync();

        await flow.DeliverAgainAsync();     // every event a second time
        await flow.RestartAsync();          // the same store, log and queues
        flow.LogAway = true;                // the broker is down
        await flow.GivenAsync(Order("2", "anna", 10m));
        flow.LogAway = false;
        await flow.SettledAsync();

        (await flow.QueryAsync<PointsByCustomer, long>("SELECT points FROM points")).ShouldBe([20]);
        flow.Emitted<PointsGranted>().Count.ShouldBe(2);
        #endregion
    }

    [Fact]
    public async Task Points_do_not_depend_on_the_interleaving()
    {
        #region commutative
        var history = new EventHistory();
        for (var number = 1; number <= 100; number++)
        {
            history.Add(new PointsGranted($"customer-{number % 7}", $"{number}", number), Noon.AddMinutes(number));
        }

        await Projections.AreCommutativeAsync(new PointsByCustomer(), history);
        #endregion
    }

    [Fact]
    public async Task Points_survive_everything_that_can_happen_to_them()
    {
        #region conformance
        var history = new EventHistory();
        for (var number = 1; number <= 30; number++)
        {
            history.Add(new PointsGranted($"customer-{number % 7}", $"{number}", number), Noon.AddMinutes(number));
        }

        await Conformance.OfAsync<PointsByCustomer>(LoyaltyFlow.Declare, history);
        #endregion
    }

    [Fact]
    public async Task Points_are_granted_alike_whenever_and_in_whatever_order()
    {
        #region reactor
        var history = new EventHistory();
        for (var number = 1; number <= 20; number++)
        {
            history.Add(Order($"{number}", $"customer-{number % 3}", number), Noon.AddMinutes(number));
            history.Add(new GoodsReturned($"C{number}", $"customer-{number % 3}", "EIRE", [new OrderLine("22423", 1, 1m)]), Noon.AddMinutes(number));
        }

        Task<SteppedFlow> Start() => SteppedFlow.StartAsync("loyalty", LoyaltyFlow.Declare);
        await Reactors.AreDeterministicAsync(Start, history);
        await Reactors.AcceptAnyOrderAsync(Start, history, interleavings: 5, check: async flow =>
            (await flow.TakeEmittedAsync()).Count(record => record.Is<PointsGranted>()).ShouldBe(20));
        #endregion
    }

    [Fact]
    public async Task A_step_at_a_time()
    {
        #region steps
        await using var flow = await SteppedFlow.StartAsync("loyalty", LoyaltyFlow.Declare);

        await flow.DeliverAsync(Order("1", "anna", 12.50m), at: Noon);
        var welcome = (await flow.TakeCommandsAsync()).ShouldHaveSingleItem();
        (await flow.HandleAsync(welcome)).ShouldBeTrue();

        (await flow.TakeEmittedAsync()).Select(record => record.Event.Type).ShouldBe(["loyalty.granted.v1", "loyalty.welcomed.v1"]);
        #endregion
    }

    private static OrderPlaced Order(string id, string? customer, decimal amount) => new(id, customer, "EIRE", [new OrderLine("22423", 1, amount)]);

    /// <summary>A post office that is closed at first.</summary>
    private sealed class BusyPost(int refusals) : Post
    {
        private readonly List<int> attempts = [];

        public IReadOnlyList<int> Attempts => attempts;

        public override Task<string> SendAsync(string customer, CommandContext context)
        {
            attempts.Add(context.Attempt);
            return context.Attempt > refusals ? base.SendAsync(customer, context) : throw new CommandRetryException("The post office is closed.");
        }
    }
}
