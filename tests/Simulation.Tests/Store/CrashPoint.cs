namespace FlowPlatform.Simulation;

/// <summary>Where a process on a real database may be killed: before a statement.</summary>
internal static class CrashPoint
{
    [ThreadStatic]
    private static Action? next;

    public static void Set(Action? before) => next = before;

    public static void Pass() => next?.Invoke();
}
