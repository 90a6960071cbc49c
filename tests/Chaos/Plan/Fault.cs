namespace FlowPlatform.Chaos.Plan;

/// <summary>What can be done to a running system.</summary>
internal enum FaultKind
{
    /// <summary>SIGKILL of a service's process; the AppHost starts it again.</summary>
    KillService,

    /// <summary>SIGSTOP of a service's process, and SIGCONT.</summary>
    PauseService,

    /// <summary>SIGKILL of a broker node.</summary>
    KillNode,

    /// <summary>SIGSTOP of a broker node, and SIGCONT.</summary>
    PauseNode,

    /// <summary>Postgres is asked to end at once, with connections open (fast shutdown), and started again.</summary>
    RestartPostgres,

    /// <summary>SIGKILL of Postgres' first process: the next one recovers from its write-ahead log.</summary>
    KillPostgres,

    /// <summary>Somebody else keeps a service's SQLite store locked.</summary>
    LockStore,

    /// <summary>Connections are cut, and for a while no new ones are let through.</summary>
    CutLinks,

    /// <summary>Everything on the way takes longer.</summary>
    DelayLinks,

    /// <summary>Connections stay open, and nothing comes through: a network that swallows packets.</summary>
    SilenceLinks,

    /// <summary>The disk of a store has no byte left.</summary>
    FillDisk,
}

/// <summary>One fault of a plan.</summary>
/// <param name="Number">From 1, by time.</param>
/// <param name="At">After the start of the faults.</param>
/// <param name="Kind">What is done.</param>
/// <param name="Target">To whom: a process, a node, a link or a store.</param>
/// <param name="Length">How long it lasts; zero for what is done in a moment.</param>
/// <param name="Delay">How much longer each hand-over takes; zero for all but delays.</param>
internal sealed record Fault(int Number, TimeSpan At, FaultKind Kind, string Target, TimeSpan Length, TimeSpan Delay)
{
    public override string ToString() => FormattableString.Invariant(
        $"{At.TotalSeconds,6:0.0} s  {Kinds.NameOf(Kind),-16} {Target}{(Delay > TimeSpan.Zero ? $", {Delay.TotalMilliseconds:0} ms" : "")}{(Length > TimeSpan.Zero ? $", for {Length.TotalSeconds:0.0} s" : "")}");
}

/// <summary>Kinds by the names that the command line and the summary use.</summary>
internal static class Kinds
{
    public static string NameOf(FaultKind kind) => string.Concat(kind.ToString().Select((character, index) =>
        char.IsUpper(character) && index > 0 ? $"-{char.ToLowerInvariant(character)}" : $"{char.ToLowerInvariant(character)}"));

    public static FaultKind? Find(string name) => Enum.GetValues<FaultKind>().Cast<FaultKind?>().FirstOrDefault(kind => NameOf(kind!.Value) == name);
}
