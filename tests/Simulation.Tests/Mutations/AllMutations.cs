namespace FlowPlatform.Simulation;

/// <summary>Every rule that is broken in turn.</summary>
internal static class AllMutations
{
    public static IReadOnlyList<Mutation> List { get; } =
    [
        new NoIncarnation(), new NoLook(), new NewestFirst(), new TrimAtConfirm(), new EarlySequences(), new RandomIds(), new NoCompareAndSet(), new CheckpointApart(), new NoMarks(),
        new NoRecognition(), new NoEpoch(), new OrderAcrossPartitions(), new StaleReads(), new CheckpointsInMain(), new NoInbox(), new HastyCommands(),
    ];

    public static Mutation Find(string name) =>
        List.FirstOrDefault(mutation => mutation.GetType().Name == name || mutation.Rule == name) ?? throw new ArgumentException($"There is no mutation '{name}': {string.Join(", ", List.Select(known => known.GetType().Name))}.");
}
