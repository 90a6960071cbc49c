using System.CommandLine;
using FlowPlatform.Benchmarks.Measuring;
using FlowPlatform.Benchmarks.Running;
using FlowPlatform.Benchmarks.Scenarios;
using FlowPlatform.Orchestration.Broker;

const int Misuse = 2;
Scenario[] scenarios =
[
    new IsolationThroughput(), new IsolationLatency(), new Publishing(), new Consuming(), new Applying("sqlite", 200_000, 60_000), new Applying("postgres", 60_000, 10_000),
    new EndToEnd("sqlite"), new EndToEnd("postgres"), new Peers(), new Embedded(), new Tracing(), new Intake(), new DashboardPages(), new Exploring(),
];

var names = new Argument<string[]>("NAME") { Description = "Scenarios to run. Default: all", Arity = ArgumentArity.ZeroOrMore };
var list = new Option<bool>("--list") { Description = "Name the scenarios" };
var json = new Option<string?>("--json") { Description = "Write the figures to a file, too", HelpName = "FILE" };
var rounds = new Option<int>("--rounds") { Description = "Rounds that count, after one to warm up", HelpName = "N", DefaultValueFactory = _ => 5 };
var scale = new Option<double>("--scale") { Description = "Part of the usual counts and times; below 1 the figures mean little", HelpName = "X", DefaultValueFactory = _ => 1 };
var root = new RootCommand("Measures FlowPlatform against itself and others on a private broker of its own, in ratios. Each scenario takes about a minute. Build it with -c Release, and leave the machine alone meanwhile.")
{
    names, list, json, rounds, scale,
};
rounds.Validators.Add(given => Require(given, given.GetValueOrDefault<int>() is >= 1 and <= 100, "--rounds is from 1 to 100."));
scale.Validators.Add(given => Require(given, given.GetValueOrDefault<double>() is > 0 and <= 10, "--scale is above 0, and 10 at most."));
names.Validators.Add(given => Require(
    given,
    given.Tokens.All(token => scenarios.Any(scenario => scenario.Name == token.Value)),
    $"The scenarios are {string.Join(", ", scenarios.Select(scenario => scenario.Name))}."));
root.SetAction(async parsed =>
{
    if (parsed.GetValue(list))
    {
        Array.ForEach(scenarios, scenario => Console.WriteLine($"{scenario.Name,-22} {scenario.Summary}"));
        return 0;
    }

    var chosen = parsed.GetValue(names) is { Length: > 0 } named ? scenarios.Where(scenario => named.Contains(scenario.Name)) : scenarios;
    await using var bench = new Bench(await SharedTestBroker.AcquireAsync(CancellationToken.None), parsed.GetValue(rounds), parsed.GetValue(scale), Console.Error.WriteLine);
    List<Result> results = [];
    foreach (var scenario in chosen)
    {
        var result = await scenario.RunAsync(bench);
        await bench.DeleteStreamsAsync();
        results.Add(result);
        Console.WriteLine(ResultTables.ToMarkdown(result));
    }

    var machine = await Machine.DescribeAsync(bench);
    Console.WriteLine(machine.ToMarkdown());
    if (parsed.GetValue(json) is { } file)
    {
        await ResultTables.WriteJsonAsync(file, machine, results);
    }

    return 0;
});
var parsed = root.Parse(args);
var code = await parsed.InvokeAsync();
return parsed.Errors.Count > 0 ? Misuse : code;

static void Require(System.CommandLine.Parsing.SymbolResult given, bool condition, string otherwise)
{
    if (!condition)
    {
        given.AddError(otherwise);
    }
}
