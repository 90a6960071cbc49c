using System.Text.RegularExpressions;

namespace FlowPlatform.Simulation;

/// <summary>The simulation bites (rule X2): every rule is broken in turn, in what the platform is given to work with, and is found.</summary>
public sealed partial class MutationTests
{
    /// <summary>Schedules within which a broken rule must be found.</summary>
    internal const int Most = 3_000;

    /// <summary>All rules of correctness that there are.</summary>
    private static readonly string[] Rules =
        ["P1", "P2", "P3", "P4", "P5", "P6", "P7", "C1", "C2", "C3", "C4", "C5", "C6", "C7", "C8", "G1", "G2", "G3", "T1", "T2", "T3", "T4", "M1", "W1", "W2", "W3", "E1", "X1", "X2"];

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

    /// <summary>
    /// The compare-and-set on the offset refuses a former owner nearly always, too. It does not where the present one has moved no offset and freed a parked key: then an event is queued behind a key that
    /// nobody will ever ask for.
    /// </summary>
    [Theory]
    [InlineData(nameof(NoEpoch))]
    [InlineData(nameof(LeaseOnly))]
    public void A_former_owner_that_could_write_would_lose_an_event(string name)
    {
        var found = Schedules.Run(1, Most, AllMutations.OfFormerOwners.Single(mutation => mutation.GetType().Name == name), stopAtFirst: true).First;
        found.ShouldNotBeNull("a former owner wrote, and nothing came of it");
        found.Found[0].ShouldContain("is not the fold of what was published");
        found.Done.GetValueOrDefault("stranded").ShouldBePositive();
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

    [Fact]
    public void Every_rule_is_guarded_and_every_mutation_is_listed()
    {
        var rows = Row().Matches(File.ReadAllText(Path.Combine(Root(), "docs", "simulation.md"))).ToList();
        rows.Select(row => row.Groups["rule"].Value).ShouldBe(Rules);
        foreach (var row in rows)
        {
            var (rule, listed) = (row.Groups["rule"].Value, Name().Matches(row.Groups["mutations"].Value).Select(name => name.Groups["name"].Value));
            listed.ShouldBe(AllMutations.List.Where(mutation => mutation.Rule.Split(' ')[0] == rule).Select(mutation => mutation.GetType().Name), $"rule {rule}");
            row.Groups["others"].Value.ShouldNotBeNullOrWhiteSpace($"rule {rule}");
        }
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "FlowPlatform.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException($"No FlowPlatform.sln above {AppContext.BaseDirectory}.");
        }

        return folder.FullName;
    }

    [GeneratedRegex(@"^\| \*\*(?<rule>\w\d)\*\* [^|]+\|(?<mutations>[^|]*)\|(?<others>[^|]*)\|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex("`(?<name>\\w+)`")]
    private static partial Regex Name();
}
