using FlowPlatform.AppHost;

namespace FlowPlatform.Orchestration.Tests.AppHost;

public sealed class AppHostFlagsTests
{
    private static readonly string[] Services = ["orders", "inventory", "payments", "shipping", "insights"];

    private static AppHostFlags Parse(params string[] args) => AppHostFlags.Parse(args, defaultDataset: null, "/repository", Services, TimeProvider.System);

    [Fact]
    public void Without_flags_the_shop_runs_on_the_repositorys_data()
    {
        var flags = Parse();
        flags.DataDirectory.ShouldBe("/repository/.flow/data");
        flags.Broker.ShouldBe("auto");
        flags.Mode.ShouldBe("shop");
        flags.UntilDone.ShouldBeFalse();
    }

    [Fact]
    public void Every_flag_is_read_in_both_forms()
    {
        using var folder = new TemporaryFolder();
        var dataset = folder.File("year.csv.gz");
        File.WriteAllText(dataset, "");
        var flags = Parse("--dataset", dataset, "--speed=max", "--until-done", "--report", "out/report.json", "--data=state", "--broker", "install");
        flags.Dataset.ShouldBe(dataset);
        flags.Speed.ShouldBe("max");
        flags.UntilDone.ShouldBeTrue();
        flags.Report.ShouldBe(Path.GetFullPath("out/report.json"));
        flags.DataDirectory.ShouldBe(Path.GetFullPath("state"));
        flags.Broker.ShouldBe("install");
        flags.Mode.ShouldBe("dataset");
        var shop = Parse("--seed", "7", "--orders=1000", "--rate", "2.5/s", "--stores", "sqlite", "--broker-nodes=1");
        (shop.Seed, shop.Orders, shop.Rate).ShouldBe((7, 1000L, 2.5));
        Parse("--rate", "20").Rate.ShouldBe(20);
        (shop.BrokerNodes, Parse("--broker-nodes", "3").BrokerNodes).ShouldBe((1, 3));
        Parse("--environment", "Development").HostArguments.ShouldBe(["--environment", "Development"]);
        (Parse("--watch").Watch, Parse().Watch).ShouldBe((true, false));
        Parse("--broker", "docker").Broker.ShouldBe("docker");
    }

    [Fact]
    public void Until_done_runs_on_fresh_data()
    {
        using var folder = new TemporaryFolder();
        var time = new FixedTime(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero));
        var first = AppHostFlags.Parse(["--orders", "5", "--until-done"], null, folder.Path, Services, time).DataDirectory;
        first.ShouldBe(folder.File(".flow/runs/20260102T030405Z"));
        Directory.CreateDirectory(first);
        AppHostFlags.Parse(["--orders", "5", "--until-done"], null, folder.Path, Services, time).DataDirectory.ShouldBe(first + "-2");
    }

    [Fact]
    public void The_environments_dataset_is_the_default_unless_the_shop_is_asked_for()
    {
        using var folder = new TemporaryFolder();
        var dataset = folder.File("year.csv");
        File.WriteAllText(dataset, "");
        AppHostFlags.Parse([], dataset, "/repository", Services, TimeProvider.System).Dataset.ShouldBe(dataset);
        AppHostFlags.Parse(["--orders", "5"], dataset, "/repository", Services, TimeProvider.System).Dataset.ShouldBeNull();
    }

    [Theory]
    [InlineData("Unknown flag: --colour", "--colour")]
    [InlineData("Unknown flag: stray", "stray")]
    [InlineData("--orders needs a value", "--orders")]
    [InlineData("--orders needs a value", "--orders", "--until-done")]
    [InlineData("--data needs a value", "--data=")]
    [InlineData("--until-done takes no value", "--until-done=yes")]
    [InlineData("--orders is '-1'", "--orders=-1")]
    [InlineData("--orders is '1.5'", "--orders", "1.5")]
    [InlineData("--rate is 'fast'", "--rate", "fast")]
    [InlineData("--rate is '0/s'", "--rate", "0/s")]
    [InlineData("--seed is given twice", "--seed", "1", "--seed", "2")]
    [InlineData("--speed belongs to a dataset", "--speed", "max")]
    [InlineData("--until-done needs an end", "--until-done")]
    [InlineData("doesn't exist", "--dataset", "/nowhere/year.csv")]
    [InlineData("neither a .csv nor a .csv.gz", "--dataset", "/nowhere/year.txt")]
    [InlineData("synthetic shop", "--dataset", "/nowhere/year.csv", "--orders", "5")]
    [InlineData("--broker is 'kafka'", "--broker", "kafka")]
    [InlineData("--stores is 'files'; it must be sqlite or postgres.", "--stores=files")]
    [InlineData("--broker-nodes is '2'; it must be 1 or 3", "--broker-nodes", "2")]
    [InlineData("--broker-nodes is '5'; it must be 1 or 3", "--broker-nodes=5")]
    [InlineData("not of containers: choose --broker rabbitmq", "--broker-nodes", "3", "--broker", "docker")]
    [InlineData("embedded has no nodes", "--broker-nodes", "3", "--broker", "embedded")]
    [InlineData("--replicas needs --stores postgres: a SQLite store is files of one process", "--replicas", "orders=2")]
    [InlineData("--replicas is 'orders'; it must be like inventory=3", "--stores", "postgres", "--replicas", "orders")]
    [InlineData("--replicas is 'orders=33'; it must be like inventory=3, with a number from 1 to 32", "--stores", "postgres", "--replicas", "orders=33")]
    [InlineData("--replicas is 'orders=0'", "--stores", "postgres", "--replicas=orders=0")]
    [InlineData("--replicas names 'simulator'; it must be one of orders, inventory, payments, shipping, insights", "--stores", "postgres", "--replicas", "simulator=2")]
    [InlineData("--replicas is given twice for orders", "--stores", "postgres", "--replicas", "orders=2", "--replicas", "orders=3")]
    [InlineData("--replicas needs a value", "--replicas")]
    [InlineData("--without names 'simulator'; it must be one of orders, inventory, payments, shipping, insights", "--without", "simulator")]
    [InlineData("--without and --replicas both name orders", "--without", "orders", "--stores", "postgres", "--replicas", "orders=2")]
    [InlineData("--watch and --until-done exclude each other", "--watch", "--orders", "5", "--until-done")]
    [InlineData("--watch takes no value", "--watch=orders")]
    [InlineData("publish comes first", "--seed", "1", "publish")]
    [InlineData("Unknown flag of publish: --without", "publish", "--target", "compose", "-o", "out", "--without", "orders")]
    public void A_wrong_command_line_is_told_what_is_wrong(string fault, params string[] args) =>
        Should.Throw<UsageException>(() => Parse(args)).Message.ShouldContain(fault);

    [Fact]
    public void Replicas_are_named_by_service_and_may_be_one_on_SQLite()
    {
        var flags = Parse("--stores", "postgres", "--replicas", "inventory=3", "--replicas=orders=32");
        flags.Replicas.ShouldBe(new Dictionary<string, int> { ["inventory"] = 3, ["orders"] = 32 }, ignoreOrder: true);
        Parse("--replicas", "inventory=1").Replicas["inventory"].ShouldBe(1);
        Parse().Replicas.ShouldBeEmpty();
    }

    [Theory]
    [InlineData(0, "--help")]
    [InlineData(2, "--colour")]
    [InlineData(2, "--broker", "kafka")]
    public void Nothing_runs_after_help_or_misuse(int exitCode, params string[] args) => AppHostFlags.Read(args, "/repository/AppHost", Services).ShouldBe((null, exitCode));

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
