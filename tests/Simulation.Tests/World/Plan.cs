namespace FlowPlatform.Simulation;

/// <summary>Something that the schedule does to the world, once the machine has made so many steps.</summary>
/// <param name="Step">When.</param>
/// <param name="Kind">What.</param>
/// <param name="A">What it is about: a number that the deed takes modulo what there is.</param>
/// <param name="B">How much.</param>
internal readonly record struct Deed(int Step, DeedKind Kind, int A, int B);

internal enum DeedKind
{
    PlaceOrder,
    FillShelf,
    Crash,
    Restart,
    Pause,
    Sleep,
    Strand,
    CutProcess,
    CutPartition,
    TakeBrokerAway,
    EndTransactions,
    LoseTail,
    ForgetPublishers,
    Redrive,
    Discard,
    Mend,
    DeleteStore,
    DeleteGeneration,
    RestoreStore,
    RecreateStream,
    Repartition,
    Idle,
}

/// <summary>An event that a consumer can't handle until it is mended.</summary>
internal readonly record struct Bad(string Consumer, string What, int Number);

/// <summary>A schedule: how large the world is, what is done to it when, and the seed of every order of continuations.</summary>
internal sealed record Plan(ulong Seed, IReadOnlyList<Deed> Deeds)
{
    private const int Numbers = 30;

    /// <summary>Orders that most schedules come to, with time left for what operators do then.</summary>
    private const int Early = 8;

    private static readonly DeedKind[] Common =
    [
        DeedKind.Crash, DeedKind.Crash, DeedKind.Crash, DeedKind.Restart, DeedKind.Pause, DeedKind.Sleep, DeedKind.CutProcess, DeedKind.CutPartition, DeedKind.CutPartition,
        DeedKind.TakeBrokerAway, DeedKind.EndTransactions, DeedKind.LoseTail, DeedKind.LoseTail, DeedKind.LoseTail, DeedKind.ForgetPublishers,
    ];

    public int OrderPartitions { get; init; } = 1;

    public int StockPartitions { get; init; } = 1;

    public int Customers { get; init; } = 1;

    public int Items { get; init; } = 1;

    public int MaxBatch { get; init; } = 1;

    /// <summary>Databases are a server's, which replicas share; else files of one process.</summary>
    public bool Shared { get; init; }

    public int ShopReplicas { get; init; } = 1;

    public int StockReplicas { get; init; } = 1;

    /// <summary>The reactor declares the keys that an event touches.</summary>
    public bool Keyed { get; init; }

    /// <summary>Commands are in memory between their outbox row and their handler.</summary>
    public bool MemoryQueue { get; init; }

    /// <summary>What can't be handled until it is mended.</summary>
    public IReadOnlyList<Bad> Poison { get; init; } = [];

    public static Plan Of(ulong seed)
    {
        var dice = new Dice(seed);
        var length = dice.Between(400, 2_500);
        var deeds = new List<Deed>();
        Add(DeedKind.PlaceOrder, dice.Between(5, Numbers));
        Add(DeedKind.FillShelf, dice.Between(1, 8));
        for (var faults = dice.Between(0, 10); faults > 0; faults--)
        {
            Add(dice.Pick(Common), 1);
        }

        var (shared, rare) = (dice.OneIn(2), dice.Next(40));
        AddRare(rare);
        List<Bad> poison = [];
        if (rare > 4 && dice.OneIn(4))
        {
            poison = [.. Enumerable.Range(0, dice.Between(1, 3)).Select(_ => NextBad(dice)).Distinct()];
            Add(DeedKind.Redrive, dice.Next(3));
            Add(DeedKind.Discard, dice.Next(3));
            Add(DeedKind.Mend, dice.Next(2));
            Add(DeedKind.Crash, dice.Next(3));
            Add(DeedKind.DeleteGeneration, dice.Next(2));
        }

        var plan = new Plan(seed, [])
        {
            OrderPartitions = dice.Between(1, 3),
            StockPartitions = dice.Between(1, 2),
            Customers = dice.Between(1, 5),
            Items = dice.Between(1, 3),
            MaxBatch = dice.Between(1, 20),
            Shared = shared,
            ShopReplicas = shared ? dice.Between(1, 2) : 1,
            StockReplicas = shared ? dice.Between(1, 3) : 1,
            Keyed = dice.OneIn(2),
            MemoryQueue = !shared && dice.OneIn(3),
            Poison = poison,
        };
        if (plan.StockReplicas > 1)
        {
            // Where something is parked it does harm if a former owner writes; elsewhere it is only to be seen.
            Add(DeedKind.Strand, poison.Count > 0 ? 2 : rare % 2);
        }

        return plan with { Deeds = [.. deeds.OrderBy(deed => deed.Step)] };

        void Add(DeedKind kind, int times)
        {
            for (; times > 0; times--)
            {
                deeds.Add(new Deed(dice.Next(length), kind, dice.Next(1_000), dice.Between(1, 20)));
            }
        }

        // Each of these ends what the log and a store can agree on after another, so a schedule has one of them at most.
        void AddRare(int which)
        {
            switch (which)
            {
                case 0: Add(DeedKind.DeleteStore, 1); break;
                case 1 or 2: Add(DeedKind.RestoreStore, 1); break;
                case 3: Add(DeedKind.RecreateStream, 1); break;
                case 4: Add(DeedKind.Repartition, 1); break;
                case 5:
                    // The retention of rows passes, and is noticed with what is published after; then what is lost may be more than the rows can repair.
                    deeds.Add(new Deed(length, DeedKind.Idle, 0, 20));
                    deeds.AddRange(Enumerable.Range(0, 6).Select(number => new Deed(length + number, DeedKind.PlaceOrder, number, 1)));
                    deeds.Add(new Deed(length + 10, DeedKind.Idle, 0, 1));
                    deeds.Add(new Deed(length + 11, DeedKind.LoseTail, dice.Next(1_000), dice.Between(1, 100)));
                    break;
            }
        }
    }

    private static Bad NextBad(Dice dice) => dice.Next(3) switch
    {
        0 => new Bad("reserve", "placed", dice.Between(1, Early)),
        1 => new Bad("totals", "placed", dice.Between(1, Early)),
        _ => new Bad("totals", "reserved", dice.Between(1, Early)),
    };
}
