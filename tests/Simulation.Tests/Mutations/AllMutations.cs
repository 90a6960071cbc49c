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

    /// <summary>Those that schedules find. Without an epoch nothing breaks in 3,000 of them: the compare-and-set on the offset refuses nearly every former owner, too.</summary>
    public static IEnumerable<Mutation> Demanded => List.Where(mutation => mutation is not (NoEpoch or LeaseOnly));

    public static Mutation Find(string name) =>
        List.FirstOrDefault(mutation => mutation.GetType().Name == name || mutation.Rule == name) ?? throw new ArgumentException($"There is no mutation '{name}': {string.Join(", ", List.Select(known => known.GetType().Name))}.");
}
