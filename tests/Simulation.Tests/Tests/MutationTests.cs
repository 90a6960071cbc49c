namespace FlowPlatform.Simulation;

/// <summary>The simulation bites (rule X2): every rule is broken in turn, in what the platform is given to work with, and is found.</summary>
public sealed class MutationTests
{
    private const int Most = 3_000;

    public static TheoryData<string> Names => [.. AllMutations.List.Select(mutation => mutation.GetType().Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_broken_rule_is_found(string name)
    {
        var mutation = AllMutations.Find(name);
        var summary = Schedules.Run(1, Most, mutation, stopAtFirst: true);
        var found = summary.First;
        found.ShouldNotBeNull($"rule {mutation.Rule} was broken in {summary.Runs} schedules, and nobody noticed");
        TestContext.Current.TestOutputHelper?.WriteLine($"rule {mutation.Rule}, found by schedule {found.Plan.Seed}: {found.Found[0].Split('\n')[0]}");
    }

    [Fact]
    public void A_failing_schedule_is_made_smaller()
    {
        var mutation = AllMutations.Find(nameof(NewestFirst));
        var failed = Schedules.Run(1, Most, mutation, stopAtFirst: true).Failures[0];
        var small = Shrinking.Shrink(failed, mutation);
        small.Passed.ShouldBeFalse();
        small.Plan.Deeds.Count.ShouldBeLessThan(failed.Plan.Deeds.Count);
    }
}
