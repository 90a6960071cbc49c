namespace FlowPlatform.Simulation;

/// <summary>
/// Compares what came of it with what was decided, by folding both itself: none of the platform's code is used, neither cursors nor consumers. Everything is expected exactly once and in the order
/// of its partition, in the log's effect, in every read model, in the reactor's rows and in what it emitted.
/// </summary>
internal static class Checker
{
    /// <summary>Everything that is wrong, at rest.</summary>
    public static List<string> Check(World world)
    {
        List<string> faults = [];
        var log = new LogCheck(world, faults);
        var folds = new FoldCheck(world, faults);
        log.Run();
        folds.Run();
        new ReactionCheck(world, log, folds, faults).Run();
        return faults;
    }
}
