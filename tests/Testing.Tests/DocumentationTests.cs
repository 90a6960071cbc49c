using System.Text.RegularExpressions;

namespace FlowPlatform.Testing.Tests;

/// <summary>What docs/testing.md shows is what runs here.</summary>
public sealed partial class DocumentationTests
{
    private static readonly string[] Sources = ["tests/Testing.Tests/LoyaltySampleTests.cs", "tests/Support/TestRunCancellation.cs", "tests/AppHost.Tests/PlacedOrderTests.cs"];

    [Fact]
    public void Every_snippet_is_the_region_of_its_name_and_every_region_is_shown()
    {
        var regions = Sources.SelectMany(source => Region().Matches(Read(source))).ToDictionary(match => match.Groups["name"].Value, match => Unindent(match.Groups["code"].Value));
        var snippets = Snippet().Matches(Read("docs/testing.md")).ToDictionary(match => match.Groups["name"].Value, match => match.Groups["code"].Value);
        snippets.Keys.ShouldBe(regions.Keys, ignoreOrder: true);
        foreach (var (name, code) in snippets)
        {
            code.ShouldBe(regions[name], $"Snippet '{name}' of docs/testing.md");
        }

        regions.Count.ShouldBeGreaterThan(5);
    }

    [Fact]
    public void Every_block_of_code_belongs_to_a_region() => CodeBlock().Count(Read("docs/testing.md")).ShouldBe(Snippet().Count(Read("docs/testing.md")));

    private static string Read(string path) => File.ReadAllText(Path.Combine(Root(), path)).ReplaceLineEndings("\n");

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "FlowPlatform.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"No FlowPlatform.sln above {AppContext.BaseDirectory}.");
    }

    private static string Unindent(string code)
    {
        var lines = code.TrimEnd().Split('\n');
        var indent = lines.Where(line => line.Length > 0).Min(line => line.Length - line.TrimStart().Length);
        return string.Join('\n', lines.Select(line => line.Length > 0 ? line[indent..] : line));
    }

    [GeneratedRegex(@"#region (?<name>\w+)\n(?<code>.*?)\n *#endregion", RegexOptions.Singleline)]
    private static partial Regex Region();

    [GeneratedRegex(@"<!-- region (?<name>\w+) -->\n```csharp\n(?<code>.*?)\n```\n", RegexOptions.Singleline)]
    private static partial Regex Snippet();

    [GeneratedRegex("^```csharp", RegexOptions.Multiline)]
    private static partial Regex CodeBlock();
}
