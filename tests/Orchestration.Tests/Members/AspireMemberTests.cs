using Aspire.Hosting;

namespace FlowPlatform.Orchestration.Tests.Members;

/// <summary>
/// AppHost.cs runs on the real Aspire only if it keeps to members that Aspire has: aspire-members.txt lists them. AppHost is read as Aspire mode compiles it.
/// </summary>
public sealed class AspireMemberTests
{
    private static readonly string[] Lines = File.ReadAllLines(Path.Combine(AppContext.BaseDirectory, "Members", "aspire-members.txt"));

    private static readonly string[] Listed = [.. Lines.Where(line => line.StartsWith("T ", StringComparison.Ordinal) || line.StartsWith("M ", StringComparison.Ordinal))];

    [Fact]
    public void AppHost_uses_listed_members_of_Aspire_only() => Unlisted(Used()).ShouldBeEmpty(
        "AppHost uses these, but aspire-members.txt doesn't list them: look up that Aspire has them, unchanged since 13.1, and add them there and to tests/Assets/AspireSurface; or do without.");

    [Fact]
    public void The_local_orchestrator_offers_listed_members_only() => Unlisted(Offered()).ShouldBeEmpty(
        "Orchestration makes these public in Aspire's namespaces, but aspire-members.txt doesn't list them: make them internal, or, if Aspire has them, unchanged since 13.1, add them there.");

    [Fact]
    public void Nothing_is_listed_that_nobody_uses_or_offers() =>
        Listed.Except(Used()).Except(Offered()).ShouldBeEmpty("aspire-members.txt lists these, but neither AppHost uses nor Orchestration offers them: delete the lines.");

    [Fact]
    public void The_list_has_each_member_once() => Listed.GroupBy(line => line).Where(group => group.Count() > 1).Select(group => group.Key).ShouldBeEmpty();

    [Fact]
    public void What_AppHost_uses_is_seen()
    {
        var used = Used();
        used.ShouldContain("T Aspire.Hosting.IDistributedApplicationBuilder");
        used.ShouldContain("M Aspire.Hosting.DistributedApplication::CreateBuilder(Aspire.Hosting.DistributedApplicationOptions) : Aspire.Hosting.IDistributedApplicationBuilder");
        used.ShouldContain(line => line.StartsWith("M Aspire.Hosting.ResourceBuilderExtensions::WaitFor`1(", StringComparison.Ordinal));
        Unlisted([.. used, "M Aspire.Hosting.DistributedApplication::Start() : Void"]).ShouldBe(["M Aspire.Hosting.DistributedApplication::Start() : Void"]);
    }

    /// <summary>The same call must bind to the same member in both modes: what AppHost uses of Aspire and the orchestrator has, too, has one signature.</summary>
    [Fact]
    public void What_both_modes_call_has_the_same_signature_in_both()
    {
        var offered = Offered();
        var names = offered.Where(line => line.StartsWith("M ", StringComparison.Ordinal)).Select(NameOf).ToHashSet(StringComparer.Ordinal);
        Used().Where(line => line.StartsWith("M ", StringComparison.Ordinal) && names.Contains(NameOf(line))).Except(offered).ShouldBeEmpty();

        static string NameOf(string line) => line.Split('(')[0];
    }

    private static string[] Unlisted(IEnumerable<string> members) => [.. members.Except(Listed)];

    private static string[] Used()
    {
        using var members = new AspireMembers(new Projects.AspireAppHost().TargetPath);
        return [.. members.Used().Distinct().Order(StringComparer.Ordinal)];
    }

    private static string[] Offered()
    {
        using var members = new AspireMembers(typeof(DistributedApplication).Assembly.Location);
        return [.. members.Offered().Distinct().Order(StringComparer.Ordinal)];
    }
}
