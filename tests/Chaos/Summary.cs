using FlowPlatform.Chaos.Checking;
using FlowPlatform.Chaos.Plan;
using FlowPlatform.Chaos.Watching;

namespace FlowPlatform.Chaos;

/// <summary>What a run says at its end.</summary>
internal static class Summary
{
    public static void Write(Action<string> tell, ChaosOptions options, IReadOnlyList<Recovery> recoveries, Findings findings, long eventsBefore, TimeSpan took)
    {
        var made = recoveries.Where(recovery => recovery.Made).ToList();
        tell("");
        tell($"{"fault",-18}{"made",6}{"missed",8}{"median",10}{"worst",10}{"after it",10}");
        foreach (var kind in recoveries.GroupBy(recovery => recovery.Fault.Kind).OrderBy(group => group.Key))
        {
            Row(tell, Kinds.NameOf(kind.Key), [.. kind]);
        }

        Row(tell, "all", recoveries);
        tell("median, worst: seconds from the fault until what it affects went on; after it: worst, from the end of a fault that lasts");
        tell("");
        tell(FormattableString.Invariant($"seed {options.Seed}: {made.Count} faults made, {findings.Events} events flowed ({findings.Events - eventsBefore} since the first fault), {findings.Orders} orders, {took.TotalSeconds:0} s in all"));
        tell(FormattableString.Invariant($"{findings.Invariants} invariants checked; {findings.Rows} rows of read models compared with the fold of the log; {findings.Repeated} entries twice in the log"));
        foreach (var failure in findings.Failures)
        {
            tell($"FAILED: {failure}");
        }

        foreach (var late in made.Where(recovery => recovery.Took is null))
        {
            tell($"FAILED: not on after {RecoveryWatch.Limit.TotalSeconds:0} s: {late.Fault}");
        }

        tell(findings.Failures.Count == 0 && made.All(recovery => recovery.Took is not null) ? "outcome: nothing lost, nothing twice" : "outcome: FAILED");
    }

    private static void Row(Action<string> tell, string name, IReadOnlyList<Recovery> recoveries)
    {
        var times = recoveries.Where(recovery => recovery.Took is not null).Select(recovery => recovery.Took!.Value).Order().ToList();
        var after = recoveries.Where(recovery => recovery is { Took: not null, Fault.Length.Ticks: > 0 }).Select(recovery => recovery.Took!.Value - recovery.Fault.Length).DefaultIfEmpty(TimeSpan.MinValue).Max();
        tell(FormattableString.Invariant(
            $"{name,-18}{recoveries.Count(recovery => recovery.Made),6}{recoveries.Count(recovery => !recovery.Made),8}{Text(times.Count == 0 ? TimeSpan.MinValue : times[times.Count / 2]),10}{Text(times.LastOrDefault(TimeSpan.MinValue)),10}{Text(after),10}"));
    }

    private static string Text(TimeSpan time) => time == TimeSpan.MinValue ? "-" : FormattableString.Invariant($"{Math.Max(0, time.TotalSeconds):0.0}");
}
