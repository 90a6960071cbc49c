using System.Globalization;
using Aspire.Hosting;

namespace FlowPlatform.AppHost;

/// <summary>What the command line asks for. Relative paths are the caller's.</summary>
internal sealed record AppHostFlags
{
    /// <summary>Exit code for a command line that can't be followed.</summary>
    public const int Misuse = 2;

    /// <summary>Replicas of one service: 32 share 32 partitions; what is over the number of partitions stands by.</summary>
    public const int MaxReplicas = 32;

    public string? Dataset { get; init; }

    public int? Seed { get; init; }

    public long? Orders { get; init; }

    /// <summary>Orders a second.</summary>
    public double? Rate { get; init; }

    /// <summary><c>max</c>, or event time over wall time like <c>3600x</c>.</summary>
    public string? Speed { get; init; }

    public bool UntilDone { get; init; }

    public string? Report { get; init; }

    /// <summary>Whether the dashboard is started. Not with <see cref="UntilDone"/>, unless asked for: such runs are measured.</summary>
    public bool Dashboard { get; init; }

    /// <summary>Who has a store, and may have replicas.</summary>
    public required IReadOnlyList<string> Services { get; init; }

    public required string DataDirectory { get; init; }

    /// <summary>auto, rabbitmq, install, docker or embedded.</summary>
    public required string Broker { get; init; }

    /// <summary>sqlite or postgres: where services keep their state.</summary>
    public required string Stores { get; init; }

    /// <summary>1, or 3 for a cluster.</summary>
    public int BrokerNodes { get; init; } = 1;

    /// <summary>Processes by service; one of those that aren't named.</summary>
    public IReadOnlyDictionary<string, int> Replicas { get; init; } = new Dictionary<string, int>();

    /// <summary>What is written instead of run; null: the system runs.</summary>
    public PublishFlags? Publish { get; init; }

    /// <summary>Services that a developer starts himself.</summary>
    public IReadOnlySet<string> Without { get; init; } = new HashSet<string>();

    /// <summary>Whether a service is built and started anew when its source changes.</summary>
    public bool Watch { get; init; }

    /// <summary>What the host itself reads: --environment, and in Aspire mode Aspire's own switches.</summary>
    public string[] HostArguments { get; init; } = [];

    /// <summary>How payments and inventory behave: in a dataset every order ends shipped.</summary>
    public string Mode => Dataset is null ? "shop" : "dataset";

    /// <summary>The flags, or null and the exit code when there is nothing to run: help was asked for, or a flag is wrong.</summary>
    public static (AppHostFlags? Flags, int ExitCode) Read(string[] args, string appHostDirectory, IReadOnlyList<string> services)
    {
        var usage = args is [PublishFlags.Verb, ..] ? PublishUsage.Text : Usage.Text;
        if (args.Any(argument => argument is "--help" or "-h" or "-?"))
        {
            Console.Out.WriteLine(usage);
            return (null, 0);
        }
        try
        {
            return (Parse(args, Environment.GetEnvironmentVariable("FLOW_DATASET"), ParentOf(appHostDirectory), services, TimeProvider.System), 0);
        }
        catch (UsageException e)
        {
            Console.Error.WriteLine($"{e.Message}\n\n{usage}");
            return (null, Misuse);
        }
    }

    /// <exception cref="UsageException">A flag is unknown, repeated, lacks its value or has a wrong one.</exception>
    internal static AppHostFlags Parse(string[] args, string? defaultDataset, string repositoryRoot, IReadOnlyList<string> services, TimeProvider time)
    {
        if (args is [PublishFlags.Verb, ..])
        {
            return ParsePublish(FlagReader.ReadPublish(args[1..]), services);
        }
        var (given, rest) = FlagReader.Read(args, passUnknown: IsAspire);
        var dataset = given.Value("--dataset");
        var orders = given.Whole("--orders", min: 1, max: 1_000_000_000);
        var isShop = orders is not null || given.Has("--rate") || given.Has("--seed");
        if (dataset is not null && isShop)
        {
            throw new UsageException("--orders, --rate and --seed belong to the synthetic shop; with --dataset it doesn't run.");
        }
        dataset ??= isShop || string.IsNullOrWhiteSpace(defaultDataset) ? null : defaultDataset;
        var untilDone = given.Has("--until-done");
        if (untilDone && dataset is null && orders is null)
        {
            throw new UsageException("--until-done needs an end: --dataset FILE or --orders N.");
        }
        var state = Path.Combine(repositoryRoot, ".flow");
        return new AppHostFlags
        {
            Services = services,
            Dataset = dataset is null ? null : ExistingDataset(dataset),
            Orders = orders,
            Seed = (int?)given.Whole("--seed", min: 0, max: int.MaxValue),
            Rate = given.Rate("--rate"),
            Speed = dataset is null && given.Has("--speed") ? throw new UsageException("--speed belongs to a dataset; the synthetic shop has --rate.") : given.Speed("--speed"),
            UntilDone = untilDone,
            Dashboard = given.OnOrOff("--dashboard") ?? !untilDone,
            Report = given.Value("--report") is { } report ? Path.GetFullPath(report) : null,
            DataDirectory = given.Value("--data") is { } data ? Path.GetFullPath(data) : untilDone ? FreshRun(state, time) : Path.Combine(state, "data"),
            Broker = given.Broker("--broker") is "install" && IsAspire
                ? throw new UsageException("--broker install belongs to the local orchestrator; Aspire runs RabbitMQ in a container (auto or docker).")
                : given.Broker("--broker"),
            Stores = given.Stores("--stores"),
            BrokerNodes = NodesOf(given),
            Replicas = ReplicasOf(given, services),
            Without = WithoutOf(given, services),
            Watch = WatchOf(given, untilDone),
            HostArguments = given.Value("--environment") is { } environment ? [.. rest, "--environment", environment] : rest,
        };
    }

    /// <summary>The same system, as it is where its images run: no dataset, which is a file of this machine, and always with a dashboard, which receives the telemetry.</summary>
    private static AppHostFlags ParsePublish(FlagReader given, IReadOnlyList<string> services)
    {
        var publish = IsAspire
            ? throw new UsageException("publish belongs to the local orchestrator; Aspire has its own (aspire publish).")
            : PublishFlags.From(given);
        return new AppHostFlags
        {
            Services = services,
            Publish = publish,
            Seed = (int?)given.Whole("--seed", min: 0, max: int.MaxValue),
            Rate = given.Rate("--rate"),
            Dashboard = true,
            DataDirectory = PublishFlags.DataDirectory,
            Broker = "rabbitmq",
            BrokerNodes = publish.BrokerNodes,
            Stores = given.Stores("--stores"),
            Replicas = ReplicasOf(given, services),
        };
    }

    private static bool WatchOf(FlagReader given, bool untilDone) => given.Has("--watch") && (IsAspire
        ? throw new UsageException("--watch belongs to the local orchestrator; with Aspire, start the AppHost with dotnet watch.")
        : untilDone ? throw new UsageException("--watch and --until-done exclude each other: a run that is reported is of one build.") : true);

    private static IReadOnlySet<string> WithoutOf(FlagReader given, IReadOnlyList<string> services)
    {
        var without = given.Names("--without", services);
        return without.Count > 0 && IsAspire ? throw new UsageException("--without belongs to the local orchestrator; in Aspire's dashboard, stop the service, and start it yourself.")
            : without.FirstOrDefault(ReplicasOf(given, services).ContainsKey) is { } both ? throw new UsageException($"--without and --replicas both name {both}: a developer runs one process of it.")
            : without;
    }

    private static Dictionary<string, int> ReplicasOf(FlagReader given, IReadOnlyList<string> services)
    {
        var replicas = given.Counts("--replicas", services, MaxReplicas);
        return given.Stores("--stores") == "postgres" || replicas.Values.All(count => count == 1)
            ? replicas
            : throw new UsageException("--replicas needs --stores postgres: a SQLite store is files of one process, and replicas share a database.");
    }

    private static int NodesOf(FlagReader given)
    {
        var nodes = given.BrokerNodes("--broker-nodes");
        return nodes == 1 ? nodes
            : IsAspire ? throw new UsageException("--broker-nodes 3 belongs to the local orchestrator; Aspire runs RabbitMQ in one container.")
            : given.Broker("--broker") switch
            {
                "docker" => throw new UsageException("--broker-nodes 3 is a cluster of private nodes, not of containers: choose --broker rabbitmq or install (or auto)."),
                "embedded" => throw new UsageException("--broker embedded has no nodes: leave --broker-nodes out, or choose --broker rabbitmq or install (or auto)."),
                _ => nodes,
            };
    }

    private static string ParentOf(string folder) => Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(folder))!;

    /// <summary>Whether the real Aspire runs AppHost.cs: it has switches of its own.</summary>
    private static bool IsAspire => typeof(DistributedApplication).Assembly.GetName().Name == "Aspire.Hosting";

    private static string ExistingDataset(string file)
    {
        var path = Path.GetFullPath(file);
        if (!path.EndsWith(".csv", StringComparison.OrdinalIgnoreCase) && !path.EndsWith(".csv.gz", StringComparison.OrdinalIgnoreCase))
        {
            throw new UsageException($"The dataset {path} is neither a .csv nor a .csv.gz file.");
        }
        return File.Exists(path) ? path : throw new UsageException($"The dataset {path} doesn't exist.");
    }

    private static string FreshRun(string state, TimeProvider time)
    {
        var name = time.GetUtcNow().ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
        var folder = Path.Combine(state, "runs", name);
        for (var i = 2; Directory.Exists(folder); i++)
        {
            folder = Path.Combine(state, "runs", $"{name}-{i}");
        }
        return folder;
    }
}
