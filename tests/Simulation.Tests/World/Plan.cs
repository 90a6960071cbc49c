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
    CutProcess,
    CutPartition,
    TakeBrokerAway,
    LoseTail,
    ForgetPublishers,
    TakeOver,
    DeleteStore,
    RestoreStore,
    Idle,
}

/// <summary>A schedule: how large the world is, what is done to it when, and the seed of every order of continuations.</summary>
internal sealed record Plan(ulong Seed, int OrderPartitions, int StockPartitions, int Customers, int MaxBatch, IReadOnlyList<Deed> Deeds)
{
    private static readonly DeedKind[] Common =
    [
        DeedKind.Crash, DeedKind.Crash, DeedKind.Crash, DeedKind.Restart, DeedKind.Pause, DeedKind.CutProcess, DeedKind.CutPartition, DeedKind.CutPartition,
        DeedKind.TakeBrokerAway, DeedKind.LoseTail, DeedKind.LoseTail, DeedKind.LoseTail, DeedKind.ForgetPublishers, DeedKind.TakeOver,
    ];

    public static Plan Of(ulong seed)
    {
        var dice = new Dice(seed);
        var length = dice.Between(400, 2_500);
        var deeds = new List<Deed>();
        Add(DeedKind.PlaceOrder, dice.Between(5, 30));
        Add(DeedKind.FillShelf, dice.Between(1, 8));
        for (var faults = dice.Between(0, 10); faults > 0; faults--)
        {
            Add(dice.Pick(Common), 1);
        }

        // Either of these ends what the log and a store can agree on after another, so a schedule has one of them at most.
        switch (dice.Next(24))
        {
            case 0:
                Add(DeedKind.DeleteStore, 1);
                break;
            case 1:
                deeds.RemoveAll(deed => deed.Kind == DeedKind.LoseTail);
                Add(DeedKind.RestoreStore, 1);
                break;
            case 2:
                deeds.Add(new Deed(length, DeedKind.Idle, 0, 20));
                deeds.Add(new Deed(length + 1, DeedKind.LoseTail, dice.Next(1_000), dice.Between(1, 100)));
                break;
        }

        return new Plan(seed, dice.Between(1, 3), dice.Between(1, 2), dice.Between(1, 5), dice.Between(1, 20), [.. deeds.OrderBy(deed => deed.Step)]);

        void Add(DeedKind kind, int times)
        {
            for (; times > 0; times--)
            {
                deeds.Add(new Deed(dice.Next(length), kind, dice.Next(1_000), dice.Between(1, 20)));
            }
        }
    }
}
