namespace FlowPlatform.EndToEnd.Tests.Publishing;

public sealed class PublishTests
{
    [Fact]
    public async Task A_second_time_nothing_changes_and_the_difference_is_empty()
    {
        using var publication = await Publication.MakeAsync("compose");
        (await publication.RunAsync("--target", "compose", "--diff")).ShouldBe((0, "", ""));
        var (code, output, _) = await publication.RunAsync("--target", "compose");
        code.ShouldBe(0);
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldAllBe(line => line.StartsWith("unchanged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_difference_shows_what_would_change_and_changes_nothing()
    {
        using var publication = await Publication.MakeAsync("compose", "--tag", "1.0.0");
        var before = publication.All();
        var (code, output, _) = await publication.RunAsync("--target", "compose", "--tag", "1.1.0", "--diff");
        code.ShouldBe(1);
        output.ShouldContain("--- compose.yaml\n+++ compose.yaml\n-    image: flowplatform/dashboard:${FLOW_TAG:-1.0.0}\n+    image: flowplatform/dashboard:${FLOW_TAG:-1.1.0}\n");
        output.ShouldNotContain("rabbitmq/enabled_plugins");
        publication.All().ShouldBe(before);
    }

    [Fact]
    public async Task A_difference_to_an_empty_folder_is_everything()
    {
        using var publication = new Publication();
        var (code, output, _) = await publication.RunAsync("--target", "kubernetes", "--diff");
        code.ShouldBe(1);
        output.ShouldContain("+++ orders.yaml");
        Directory.EnumerateFileSystemEntries(publication.Folder).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_somebody_else_wrote_or_changed_stays_unless_it_is_forced()
    {
        using var publication = new Publication();
        publication.Write("README.md", "mine");
        var (code, _, errors) = await publication.RunAsync("--target", "compose");
        code.ShouldBe(1);
        errors.ShouldContain("README.md");
        errors.ShouldContain("--force");
        publication.Files.ShouldBe(["README.md"]);
        (await publication.RunAsync("--target", "compose", "--force")).Code.ShouldBe(0);
        publication.Read("README.md").ShouldNotBe("mine");

        publication.Write("compose.yaml", publication.Read("compose.yaml") + "# changed\n");
        (await publication.RunAsync("--target", "compose")).Errors.ShouldContain("compose.yaml");
        publication.Read("compose.yaml").ShouldEndWith("# changed\n");
    }

    [Fact]
    public async Task What_is_no_part_of_it_any_more_is_removed_unless_somebody_changed_it()
    {
        using var publication = await Publication.MakeAsync("compose", "--stores", "postgres");
        publication.Write("extra.yaml", "mine");
        (await publication.RunAsync("--target", "compose")).Output.ShouldContain("removed   postgres/10-services.sh");
        publication.Files.ShouldContain("extra.yaml");

        (await publication.RunAsync("--target", "compose", "--stores", "postgres")).Code.ShouldBe(0);
        publication.Write("postgres/10-services.sh", "mine");
        (await publication.RunAsync("--target", "compose")).Output.ShouldContain("left      postgres/10-services.sh");
        publication.Read("postgres/10-services.sh").ShouldBe("mine");
    }

    [Fact]
    public async Task A_list_that_leads_out_of_the_folder_is_refused()
    {
        using var publication = await Publication.MakeAsync("compose");
        publication.Write(".published.json", """{ "../elsewhere.yaml": "00" }""");
        var (code, _, errors) = await publication.RunAsync("--target", "compose");
        code.ShouldBe(1);
        errors.ShouldContain("outside");
    }

    [Theory]
    [InlineData("needs --target", "--output", "out")]
    [InlineData("needs --output", "--target", "compose")]
    [InlineData("must be compose or kubernetes", "--target", "swarm", "--output", "out")]
    [InlineData("Unknown flag of publish", "--target", "compose", "--output", "out", "--until-done")]
    [InlineData("needs --stores postgres", "--target", "compose", "--output", "out", "--replicas", "orders=2")]
    [InlineData("--images is", "--target", "compose", "--output", "out", "--images", "GHCR.io/Acme")]
    [InlineData("--tag is", "--target", "compose", "--output", "out", "--tag", "a b")]
    public async Task A_command_line_that_can_not_be_followed_is_said(string fault, params string[] flags)
    {
        var (code, output, errors) = await Publication.RunAppHostAsync(["publish", .. flags]);
        code.ShouldBe(2);
        output.ShouldBeEmpty();
        errors.ShouldContain(fault);
        errors.ShouldContain("Usage: dotnet run --project AppHost -- publish");
    }

    [Fact]
    public async Task More_replicas_than_partitions_are_refused()
    {
        using var publication = new Publication();
        var (code, _, errors) = await publication.RunAsync("--target", "kubernetes", "--stores", "postgres", "--replicas", "orders=4");
        code.ShouldBe(1);
        errors.ShouldContain("orders has 4 replicas, but its streams have 3 partitions");
    }

    [Fact]
    public async Task Help_is_given()
    {
        var (code, output, _) = await Publication.RunAppHostAsync("publish", "--help");
        code.ShouldBe(0);
        output.ShouldContain("--target kubernetes");
    }
}
