using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace FlowPlatform.Tidy.Tests;

/// <summary>
/// Code in the documentation is code that compiles: above each block a comment names the files that it is from, and what stands between lines of <c>// …</c> is there, line by line.
/// <c>docs/testing.md</c> has a test of its own, which knows regions.
/// </summary>
public sealed partial class SnippetTests
{
    private static readonly string Root = Repository.FindRoot();

    [Fact]
    public void Every_block_of_code_says_where_it_is_from_and_is_there()
    {
        var blocks = 0;
        foreach (var page in Repository.OwnFiles.Where(file => file.Is(".md") && file.Path != "docs/testing.md" && (file.Folder is "" or "docs" || file.Folder.StartsWith("docs/", StringComparison.Ordinal))))
        {
            var code = Snippet().Matches(page.Text);
            code.Count.ShouldBe(Block().Count(page.Text), $"{page.Path}: each block of C# needs `<!-- from PATH -->` above it");
            foreach (Match snippet in code)
            {
                var sources = snippet.Groups["paths"].Value.Split(", ").Select(path => Lines(File.ReadAllText(Path.Combine(Root, path)))).ToList();
                foreach (var piece in Gap().Split(snippet.Groups["code"].Value).Select(Lines).Where(piece => piece.Count > 0))
                {
                    sources.ShouldContain(source => Contains(source, piece), $"{page.Path} shows what is not in {snippet.Groups["paths"].Value}:\n{string.Join('\n', piece)}");
                    blocks++;
                }
            }
        }

        blocks.ShouldBeGreaterThan(5);
    }

    /// <summary>Without indentation, which depends on where it stands, and without empty lines.</summary>
    private static List<string> Lines(string text) => [.. text.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];

    private static bool Contains(List<string> source, List<string> piece) =>
        Enumerable.Range(0, Math.Max(source.Count - piece.Count + 1, 0)).Any(start => source.Skip(start).Take(piece.Count).SequenceEqual(piece));

    [GeneratedRegex(@"<!-- from (?<paths>[^>]+) -->\n```csharp\n(?<code>.*?)\n```\n", RegexOptions.Singleline)]
    private static partial Regex Snippet();

    [GeneratedRegex("^```csharp", RegexOptions.Multiline)]
    private static partial Regex Block();

    [GeneratedRegex("^ *// …$", RegexOptions.Multiline)]
    private static partial Regex Gap();
}
