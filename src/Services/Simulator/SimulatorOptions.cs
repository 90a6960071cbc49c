using System.Globalization;

namespace Simulator;

/// <summary>What the Simulator is asked to do, from the environment.</summary>
internal sealed record SimulatorOptions
{
    /// <summary>The services that it calls and watches.</summary>
    public static readonly IReadOnlyList<string> Services = ["orders", "inventory", "payments", "shipping", "insights"];

    /// <summary>File to replay; null: the synthetic shop runs.</summary>
    public string? Dataset { get; init; }

    public long Seed { get; init; } = 1;

    /// <summary>Orders of the synthetic shop; null: endless.</summary>
    public long? Orders { get; init; }

    /// <summary>Orders a second of the synthetic shop.</summary>
    public double Rate { get; init; } = 20;

    /// <summary>Event time over wall time for a dataset; null: as fast as it goes.</summary>
    public double? Speed { get; init; } = 3600;

    /// <summary>Wait for quiet after the replay, check, report and end.</summary>
    public bool UntilDone { get; init; }

    /// <summary>Where the report goes; null: nowhere.</summary>
    public string? Report { get; init; }

    /// <summary>Directory of the Simulator's own store.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Longest time in which nothing moves, before the flow counts as stalled.</summary>
    public TimeSpan StallLimit { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Somebody redraws transient lines in place.</summary>
    public bool Terminal { get; init; }

    /// <summary>True if the input ends and something is to be checked then.</summary>
    public bool Finishes => UntilDone || (Report is not null && (Dataset is not null || Orders is not null));

    /// <summary>Reads and checks everything.</summary>
    /// <exception cref="SimulatorException">Something is wrong; the message names every fault.</exception>
    public static SimulatorOptions From(IConfiguration configuration)
    {
        var faults = new List<string>();
        var options = new SimulatorOptions
        {
            Dataset = Text("FLOW_SIM_DATASET"),
            Seed = Number("FLOW_SIM_SEED", 0) ?? 1,
            Orders = Number("FLOW_SIM_ORDERS", 1),
            Rate = Ratio("FLOW_SIM_RATE", "/s") ?? 20,
            Speed = Text("FLOW_SIM_SPEED") is "max" ? null : Ratio("FLOW_SIM_SPEED", "x") ?? 3600,
            UntilDone = Flag("FLOW_SIM_UNTIL_DONE"),
            Report = Text("FLOW_SIM_REPORT"),
            DataDirectory = Path.GetFullPath(Text("FLOW_DATA") ?? Path.Combine(".flow", "data", "simulator")),
            StallLimit = TimeSpan.FromSeconds(Number("FLOW_SIM_STALL_SECONDS", 1) ?? 60),
            Terminal = Text("FLOW_CONSOLE") is "terminal",
        };
        Require(options.Dataset is null || File.Exists(options.Dataset), $"FLOW_SIM_DATASET: there is no file '{options.Dataset}'. Name a .csv or .csv.gz (--dataset FILE).");
        Require(options.Report is null || Path.IsPathFullyQualified(options.Report), $"FLOW_SIM_REPORT: '{options.Report}' is not an absolute path.");
        Require(
            !options.UntilDone || options.Dataset is not null || options.Orders is not null,
            "FLOW_SIM_UNTIL_DONE: the synthetic shop is endless. Give it a number of orders (--orders N) or a dataset (--dataset FILE).");
        foreach (var service in Services)
        {
            var key = $"services:{service}:http:0";
            Require(
                Uri.TryCreate(configuration[key], UriKind.Absolute, out _),
                $"{key.Replace(":", "__", StringComparison.Ordinal)}: the URL of {service} is {(configuration[key] is { } url ? $"'{url}'" : "missing")}. The AppHost sets it; start the Simulator with it.");
        }

        return faults.Count == 0 ? options : throw new SimulatorException(string.Join(Environment.NewLine, faults));

        string? Text(string key) => configuration[key] is { Length: > 0 } text ? text : null;

        void Require(bool condition, string fault)
        {
            if (!condition)
            {
                faults.Add(fault);
            }
        }

        long? Number(string key, long least)
        {
            if (Text(key) is not { } text)
            {
                return null;
            }

            var known = long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= 1_000_000_000_000;
            Require(known, $"{key}: '{text}' is not a whole number of at least {least}.");
            return number;
        }

        double? Ratio(string key, string unit)
        {
            if (Text(key) is not { } text)
            {
                return null;
            }

            var digits = text.EndsWith(unit, StringComparison.Ordinal) ? text[..^unit.Length] : text;
            var known = double.TryParse(digits, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var ratio) && ratio is > 0 and <= 1e9;
            Require(known, $"{key}: '{text}' is not a number above 0 with '{unit}' at its end, e.g. {(unit == "x" ? "3600x, or max" : "20/s")}.");
            return ratio;
        }

        bool Flag(string key)
        {
            var text = Text(key);
            Require(text is null or "true" or "false" or "True" or "False" or "1" or "0", $"{key}: '{text}' is neither true nor false.");
            return text is "true" or "True" or "1";
        }
    }
}
