using FlowPlatform.Chaos.Plan;

namespace FlowPlatform.EndToEnd.Tests.Harness;

public sealed class FaultPlanTests
{
    private static readonly Topology Cluster = new(["orders", "inventory-1", "inventory-2", "payments", "shipping", "insights", "simulator"], BrokerNodes: 3, OnPostgres: true, SmallDisk: "postgres");
    private static readonly Topology Single = new(["orders", "inventory", "payments", "shipping", "insights", "simulator"], BrokerNodes: 1, OnPostgres: false, SmallDisk: null);
    private static readonly TimeSpan Length = TimeSpan.FromMinutes(5);

    [Fact]
    public void A_seed_makes_the_same_plan_again_and_another_one_another_plan()
    {
        Make(Cluster, 1).ShouldBe(Make(Cluster, 1));
        Make(Cluster, 2).ShouldNotBe(Make(Cluster, 1));
    }

    [Fact]
    public void Every_kind_comes_that_the_topology_has_and_no_other()
    {
        Make(Cluster, 1).Select(fault => fault.Kind).Distinct().ShouldBe(Enum.GetValues<FaultKind>().Except([FaultKind.LockStore]), ignoreOrder: true);
        Make(Single, 1).Select(fault => fault.Kind).Distinct().ShouldBe(
            Enum.GetValues<FaultKind>().Except([FaultKind.RestartPostgres, FaultKind.KillPostgres, FaultKind.FillDisk]), ignoreOrder: true);
    }

    [Fact]
    public void Faults_come_in_order_within_the_time_and_at_targets_that_are_there()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var plan = Make(Cluster, seed);
            plan.Select(fault => fault.At).ShouldBeInOrder();
            plan.ShouldAllBe(fault => fault.At >= TimeSpan.Zero && fault.At < Length && fault.Number > 0);
            plan.Where(fault => fault.Kind is FaultKind.KillService or FaultKind.PauseService).ShouldAllBe(fault => Cluster.Services.Contains(fault.Target));
            plan.Where(fault => fault.Kind is FaultKind.CutLinks or FaultKind.DelayLinks or FaultKind.SilenceLinks).ShouldAllBe(fault => Cluster.LinksOf(fault.Target).Any());
        }
    }

    /// <summary>A cluster of three promises to survive the loss of any one.</summary>
    [Fact]
    public void A_broker_node_is_given_time_before_the_next_one_is_taken()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var times = Make(Cluster, seed).Where(fault => fault.Kind is FaultKind.KillNode or FaultKind.PauseNode).Select(fault => fault.At).ToList();
            times.Zip(times.Skip(1)).ShouldAllBe(pair => pair.Second - pair.First >= TimeSpan.FromSeconds(25));
        }
    }

    [Fact]
    public void A_target_of_links_is_what_it_says()
    {
        Cluster.LinksOf("node 1").ShouldBe(["rabbitmq/stream", "rabbitmq/tcp"]);
        Cluster.LinksOf("node 3").ShouldBe(["rabbitmq/stream-3", "rabbitmq/tcp-3"]);
        Cluster.LinksOf("all streams").ShouldBe(["rabbitmq/stream", "rabbitmq/stream-2", "rabbitmq/stream-3"]);
        Cluster.LinksOf("all amqp").ShouldBe(["rabbitmq/tcp", "rabbitmq/tcp-2", "rabbitmq/tcp-3"]);
        Cluster.LinksOf("postgres").ShouldBe(["postgres/tcp"]);
    }

    private static IReadOnlyList<Fault> Make(Topology topology, int seed) => FaultPlan.Make(seed, Length, 65, topology, Enum.GetValues<FaultKind>());
}
