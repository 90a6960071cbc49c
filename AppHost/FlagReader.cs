using System.Globalization;

namespace FlowPlatform.AppHost;

/// <summary>The command line is wrong; the message says what.</summary>
internal sealed class UsageException(string message) : Exception(message);

/// <summary>Reads <c>--flag value</c> and <c>--flag=value</c>, and checks values.</summary>
internal sealed class FlagReader
{
    private static readonly string[] WithValue = ["--dataset", "--seed", "--orders", "--rate", "--speed", "--report", "--data", "--broker", "--broker-nodes", "--stores", "--environment"];
    private static readonly string[] WithoutValue = ["--until-done", "--watch", "--dashboard", "--no-dashboard"];
    private static readonly string[] Repeatable = ["--replicas", "--without"];

    private readonly Dictionary<string, string> values = new(StringComparer.Ordinal);
    private readonly List<(string Name, string Value)> lists = [];

    /// <summary>The flags of the verb publish, which follow it.</summary>
    public static FlagReader ReadPublish(string[] args)
    {
        string[] written = [.. args.Select(static argument => argument == "-o" ? "--output" : argument)];
        var (given, unknown) = Read(written, PublishFlags.WithValue, PublishFlags.Repeatable, PublishFlags.WithoutValue);
        return unknown is [var first, ..] ? throw new UsageException($"Unknown flag of publish: {first}") : given;
    }

    public static (FlagReader Given, string[] Others) Read(string[] args, bool passUnknown)
    {
        var (given, unknown) = Read(args, WithValue, Repeatable, WithoutValue);
        return passUnknown || unknown is not [var first, ..] ? (given, unknown)
            : throw new UsageException(first == PublishFlags.Verb ? "publish comes first, before its flags." : $"Unknown flag: {first}");
    }

    private static (FlagReader Given, string[] Unknown) Read(string[] args, string[] withValue, string[] repeatable, string[] withoutValue)
    {
        var given = new FlagReader();
        var unknown = new List<string>();
        var queue = new Queue<string>(args);
        while (queue.TryDequeue(out var argument))
        {
            var (name, inline) = argument.Split('=', 2) is [var flag, var text] ? (flag, text) : (argument, null);
            if (withValue.Contains(name))
            {
                given.Add(name, inline ?? Next(queue, name), needsValue: true);
            }
            else if (repeatable.Contains(name))
            {
                given.lists.Add((name, inline ?? Next(queue, name)));
            }
            else if (withoutValue.Contains(name))
            {
                given.Add(name, inline is null ? "" : throw new UsageException($"{name} takes no value."), needsValue: false);
            }
            else
            {
                unknown.Add(argument);
            }
        }
        return (given, [.. unknown]);
    }

    public bool Has(string name) => values.ContainsKey(name);

    /// <summary><c>--name</c> or <c>--no-name</c>; null if neither is given.</summary>
    public bool? OnOrOff(string name)
    {
        var off = $"--no-{name.TrimStart('-')}";
        return (Has(name), Has(off)) switch
        {
            (true, true) => throw new UsageException($"{name} and {off} exclude each other."),
            (false, false) => null,
            var (on, _) => on,
        };
    }

    public string? Value(string name) => values.GetValueOrDefault(name);

    /// <summary>Like <c>inventory=3</c>, as often as given; which names there are is for the caller to say.</summary>
    public Dictionary<string, int> Counts(string name, IReadOnlyCollection<string> known, int max)
    {
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (_, text) in lists.Where(item => item.Name == name))
        {
            if (text.Split('=', 2) is not [var what, var number] || !int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var count) || count < 1 || count > max)
            {
                throw new UsageException($"{name} is '{text}'; it must be like inventory=3, with a number from 1 to {max}.");
            }
            if (!known.Contains(what))
            {
                throw new UsageException($"{name} names '{what}'; it must be one of {string.Join(", ", known)}.");
            }
            if (!counts.TryAdd(what, count))
            {
                throw new UsageException($"{name} is given twice for {what}.");
            }
        }
        return counts;
    }

    /// <summary>Names, as often as given.</summary>
    public IReadOnlySet<string> Names(string name, IReadOnlyCollection<string> known)
    {
        var names = lists.Where(item => item.Name == name).Select(item => item.Value).ToHashSet(StringComparer.Ordinal);
        return names.FirstOrDefault(each => !known.Contains(each)) is { } unknown
            ? throw new UsageException($"{name} names '{unknown}'; it must be one of {string.Join(", ", known)}.")
            : names;
    }

    public long? Whole(string name, long min, long max)
    {
        if (Value(name) is not { } text)
        {
            return null;
        }
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw new UsageException($"{name} is '{text}'; it must be a whole number from {min} to {max}.");
    }

    /// <summary>Like <c>20/s</c> or <c>20</c>.</summary>
    public double? Rate(string name)
    {
        const double RateMax = 1_000_000;
        if (Value(name) is not { } text)
        {
            return null;
        }
        var number = text.EndsWith("/s", StringComparison.Ordinal) ? text[..^2] : text;
        return Positive(number) is { } rate and <= RateMax ? rate : throw new UsageException($"{name} is '{text}'; it must be like 20/s, up to {RateMax:0}/s.");
    }

    /// <summary>Like <c>3600x</c> or <c>max</c>.</summary>
    public string? Speed(string name) => Value(name) switch
    {
        null => null,
        "max" => "max",
        var text when text.EndsWith('x') && Positive(text[..^1]) is not null => text,
        var text => throw new UsageException($"{name} is '{text}'; it must be max, or like 3600x."),
    };

    public string Broker(string name) => Value(name) switch
    {
        null => "auto",
        "auto" or "rabbitmq" or "install" or "docker" or "embedded" => Value(name)!,
        var text => throw new UsageException($"{name} is '{text}'; it must be auto, rabbitmq, docker, install or embedded."),
    };

    public string Stores(string name) => Value(name) switch
    {
        null => "sqlite",
        "sqlite" or "postgres" => Value(name)!,
        var text => throw new UsageException($"{name} is '{text}'; it must be sqlite or postgres."),
    };

    public int BrokerNodes(string name) => Value(name) switch
    {
        null or "1" => 1,
        "3" => 3,
        var text => throw new UsageException($"{name} is '{text}'; it must be 1 or 3: of two nodes each is needed for a majority, and more than three survive no more on one machine."),
    };

    private static double? Positive(string text) =>
        double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number > 0 && double.IsFinite(number) ? number : null;

    private static string Next(Queue<string> queue, string name) =>
        queue.TryPeek(out var next) && !next.StartsWith("--", StringComparison.Ordinal) ? queue.Dequeue() : throw new UsageException($"{name} needs a value.");

    private void Add(string name, string value, bool needsValue)
    {
        if (value.Length == 0 && needsValue)
        {
            throw new UsageException($"{name} needs a value.");
        }
        if (!values.TryAdd(name, value))
        {
            throw new UsageException($"{name} is given twice.");
        }
    }
}
