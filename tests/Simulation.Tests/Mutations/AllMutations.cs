namespace FlowPlatform.Simulation;

/// <summary>Every rule that is broken in turn.</summary>
internal static class AllMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new SecondProducer(), new NoIncarnation(), new NoLook(), new ForgetsBeyond(), new NewestFirst(), new TrimAtConfirm(), new EarlySequences(), new RandomIds(),
        new NoCompareAndSet(), new CheckpointApart(), new NoMarks(), new NoRecognition(), new NoEpoch(), new LeaseOnly(), new NoIdleLimit(), new ForEver(), new OrderAcrossPartitions(),
        new StaleReads(), new NoKeyLocks(), new ForgetsParked(), new ParkedApart(), new RemovedApart(), new ForgetsDiscards(), new AnyCount(), new CheckpointsInMain(),
        new NoInbox(), new InboxOnce(), new HastyCommands(), new TrustsMemory(), new FreshKeys(),
    ];

    /// <summary>Those that let a former owner write. That is a violation by itself; here only what comes of it is looked at.</summary>
    public static IReadOnlyList<Mutation> OfFormerOwners { get; } = [new NoEpoch { WatchesOwners = false }, new LeaseOnly { WatchesOwners = false }];

    public static Mutation Find(string name) =>
        List.FirstOrDefault(mutation => mutation.GetType().Name == name || mutation.Rule == name) ?? throw new ArgumentException($"There is no mutation '{name}': {string.Join(", ", List.Select(known => known.GetType().Name))}.");
}
