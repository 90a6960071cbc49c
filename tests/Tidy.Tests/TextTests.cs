namespace FlowPlatform.Tidy.Tests;

public sealed class TextTests
{
    [Fact]
    public void Names_say_what_is_inside() => Texts.EmptyNames(Repository.Files).ShouldBeEmpty();

    [Theory]
    [InlineData("src/Common/Any.cs", "")]
    [InlineData("src/Orders.Core/Orders.Core.csproj", "")]
    [InlineData("src/Orders/utils/Any.sql", "")]
    [InlineData("src/Orders/Any.cs", "namespace Orders.Helpers;")]
    public void A_name_that_says_nothing_is_found(string path, string text) => Texts.EmptyNames([new(path, text)]).ShouldNotBeEmpty();

    [Fact]
    public void Files_are_short() => Texts.LongFiles(Repository.Files).ShouldBeEmpty();

    [Theory]
    [InlineData("src/Any.cs", 500)]
    [InlineData("src/Any.razor", 500)]
    [InlineData("docs/any.md", 500)]
    [InlineData("README.md", 150)]
    [InlineData("AppHost/AppHost.cs", 60)]
    public void A_file_over_its_limit_is_found(string path, int limit)
    {
        Texts.LongFiles([new(path, Lines(limit))]).ShouldBeEmpty();
        Texts.LongFiles([new(path, Lines(limit + 1))]).ShouldHaveSingleItem();
    }

    [Fact]
    public void Nothing_is_left_unfinished() => Texts.Unfinished(Repository.Files).ShouldBeEmpty();

    [Fact]
    public void Tests_wait_for_conditions() => Texts.WaitsInTests(Repository.Files).ShouldBeEmpty();

    [Fact]
    public void No_test_is_skipped() => Texts.SkippedTests(Repository.Files).ShouldBeEmpty();

    [Fact]
    public void Nothing_speaks_of_one_machine_or_feed() => Texts.MachineDetails(Repository.Files).ShouldBeEmpty();

    [Fact]
    public void Actions_are_pinned() => Texts.UnpinnedActions(Repository.Files).ShouldBeEmpty();

    [Fact]
    public void What_must_not_be_there_is_found()
    {
        Texts.Unfinished([new("docs/any.md", "// TO" + "DO later")]).ShouldHaveSingleItem();
        Texts.Unfinished([new("src/Any.cs", "throw new Not" + "ImplementedException();")]).ShouldHaveSingleItem();
        Texts.WaitsInTests([new("tests/Any.cs", "await Task" + ".Delay(100);")]).ShouldHaveSingleItem();
        Texts.WaitsInTests([new("src/Any.cs", "await Task" + ".Delay(100, clock);")]).ShouldBeEmpty();
        Texts.SkippedTests([new("tests/Any.cs", "[Fact(Skip " + "= \"slow\")]")]).ShouldHaveSingleItem();
        Texts.MachineDetails([new("src/Any.cs", "File.ReadAllText(\"/ho" + "me/me/any.txt\")")]).ShouldHaveSingleItem();
        Texts.MachineDetails([new("any.sh", "cd /wo" + "rk/here")]).ShouldHaveSingleItem();
        Texts.MachineDetails([new("any.json", "\"https://api.nuget" + ".org/v3/index.json\"")]).ShouldHaveSingleItem();
        Texts.MachineDetails([new("any.json", "\"http://127.0.0.1:5000\"")]).ShouldBeEmpty();
        Texts.MachineDetails([new("compose.yaml", "orders-data:/home/app")]).ShouldBeEmpty();
        Texts.MachineDetails([new("compose.yaml", "/home/app" + "endix")]).ShouldHaveSingleItem();
        Texts.UnpinnedActions([new(".github/workflows/any.yml", "- uses: actions/checkout@v4")]).ShouldHaveSingleItem();
    }

    [Fact]
    public void The_whole_repository_is_looked_at()
    {
        Repository.Files.Count.ShouldBeGreaterThan(100);
        Repository.Files.ShouldContain(file => file.Path == ".ci/run");
        Repository.Files.ShouldContain(file => file.Path == "src/Platform/FlowPlatform/FlowPlatform.csproj");
        Repository.Files.ShouldNotContain(file => file.Path.Contains("/obj/", StringComparison.Ordinal));
    }

    private static string Lines(int count) => string.Concat(Enumerable.Repeat("line\n", count));
}
