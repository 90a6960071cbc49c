using System.CommandLine;
using System.Globalization;
using FlowPlatform.Chaos.Plan;

namespace FlowPlatform.Chaos;

/// <summary>The command line: what may be asked for, and what it says.</summary>
internal static class CommandLine
{
    private const double FaultsPerMinute = 13;
    private const int MinutesMax = 240;
    private const int FaultsMax = 10_000;
    private const int RateMax = 1_000;

    /// <summary>Reads the arguments and does it; 2 if they are wrong.</summary>
    public static async Task<int> RunAsync(string[] args, TextWriter output, Func<ChaosOptions, Task<int>> run)
    {
        var minutes = new Option<double>("--minutes") { Description = $"How long faults are made, up to {MinutesMax}; checks come after that", HelpName = "N", DefaultValueFactory = _ => 5 };
        var seed = new Option<int?>("--seed") { Description = "Of the plan: the same seed makes the same faults at the same times. Default: chosen, and told", HelpName = "S" };
        var faults = new Option<int?>("--faults") { Description = $"How many faults. Default: {FaultsPerMinute:0} a minute", HelpName = "N" };
        var stores = new Option<string>("--stores") { Description = "Where services keep their state", DefaultValueFactory = _ => "sqlite" };
        stores.AcceptOnlyFromAmong("sqlite", "postgres");
        var nodes = new Option<int>("--broker-nodes") { Description = "1, or 3 for a cluster", HelpName = "1|3", DefaultValueFactory = _ => 1 };
        Require(nodes, text => text is "1" or "3", "it must be 1 or 3");
        var replicas = new Option<string[]>("--replicas")
        {
            Description = "Processes of a service, up to 8; needs --stores postgres, and may be given for several. Default with Postgres: inventory=2 and payments=2", HelpName = "SERVICE=N", DefaultValueFactory = _ => [],
        };
        var dataset = new Option<string?>("--dataset") { Description = "File whose newest part is replayed. Default: FLOW_DATASET, else a synthetic one", HelpName = "FILE" };
        Require(dataset, File.Exists, "there is no such file");
        var rate = new Option<double>("--rate") { Description = "Orders a second, on average", HelpName = "N", DefaultValueFactory = _ => 25 };
        var kinds = new Option<string[]>("--kinds") { Description = $"Only these kinds of faults: {string.Join(", ", Enum.GetValues<FaultKind>().Select(Kinds.NameOf))}", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };
        kinds.AcceptOnlyFromAmong([.. Enum.GetValues<FaultKind>().Select(Kinds.NameOf)]);
        var plan = new Option<bool>("--plan") { Description = "Show the plan and end" };
        var keep = new Option<bool>("--keep") { Description = "Keep the state in any case; of a failed run it is always kept" };
        var root = new RootCommand("Runs the real system on the replay of a dataset, does to it what happens in production, and checks at the end that nothing was lost and nothing done twice. Exit code 0 if so, 1 if not.")
        {
            minutes, seed, faults, stores, nodes, replicas, dataset, rate, kinds, plan, keep,
        };
        Require(minutes, text => double.TryParse(text, CultureInfo.InvariantCulture, out var value) && value is > 0 and <= MinutesMax, $"it must be above 0 and at most {MinutesMax}");
        Require(faults, text => int.TryParse(text, CultureInfo.InvariantCulture, out var value) && value is >= 0 and <= FaultsMax, $"it must be a whole number from 0 to {FaultsMax}");
        Require(rate, text => double.TryParse(text, CultureInfo.InvariantCulture, out var value) && value is > 0 and <= RateMax, $"it must be above 0 and at most {RateMax}");
        root.Validators.Add(result =>
        {
            if (result.GetValue(replicas) is { Length: > 0 } given)
            {
                if (result.GetValue(stores) != "postgres")
                {
                    result.AddError("--replicas needs --stores postgres.");
                }

                foreach (var fault in given.Where(text => Replica(text) is null))
                {
                    result.AddError($"--replicas is '{fault}'; it must be one of {string.Join(", ", Topology.Stores)}, '=' and a number from 1 to 8.");
                }
            }
        });
        root.SetAction(parsed => run(new ChaosOptions
        {
            Length = TimeSpan.FromMinutes(parsed.GetValue(minutes)),
#pragma warning disable CA5394 // Names a plan; protects nothing.
            Seed = parsed.GetValue(seed) ?? Random.Shared.Next(1, 1_000_000),
#pragma warning restore CA5394
            Faults = parsed.GetValue(faults) ?? (int)Math.Ceiling(parsed.GetValue(minutes) * FaultsPerMinute),
            Stores = parsed.GetValue(stores)!,
            BrokerNodes = parsed.GetValue(nodes),
            Replicas = parsed.GetValue(replicas) is { Length: > 0 } given ? given.Select(text => Replica(text)!.Value).ToDictionary()
                : parsed.GetValue(stores) == "postgres" ? new Dictionary<string, int> { ["inventory"] = 2, ["payments"] = 2 } : [],
            Dataset = parsed.GetValue(dataset) ?? (Environment.GetEnvironmentVariable("FLOW_DATASET") is { Length: > 0 } file ? file : null),
            Rate = parsed.GetValue(rate),
            Kinds = parsed.GetValue(kinds) is { Length: > 0 } chosen ? [.. chosen.Select(name => Kinds.Find(name)!.Value)] : Enum.GetValues<FaultKind>(),
            PlanOnly = parsed.GetValue(plan),
            Keep = parsed.GetValue(keep),
        }));
        var parsed = root.Parse(args);
        // Signals are the caller's matter: what was started must be ended before the process is.
        var code = await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = output, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        return parsed.Errors.Count > 0 ? 2 : code;
    }

    private static KeyValuePair<string, int>? Replica(string text) =>
        text.Split('=') is [var service, var number] && Topology.Stores.Contains(service) && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count is >= 1 and <= 8
            ? KeyValuePair.Create(service, count)
            : null;

    /// <summary>What isn't given isn't wrong.</summary>
    private static void Require(Option option, Func<string, bool> holds, string what) => option.Validators.Add(result =>
    {
        foreach (var token in result.Tokens.Where(token => !holds(token.Value)))
        {
            result.AddError($"{option.Name} is '{token.Value}'; {what}.");
        }
    });
}
