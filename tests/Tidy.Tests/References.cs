using System.Text.RegularExpressions;

namespace FlowPlatform.Tidy.Tests;

/// <summary>What documents point to: links, and source files and tests named in code marks. A document that leads nowhere has been left behind by the code.</summary>
internal static partial class References
{
    /// <param name="documents">Where to look.</param>
    /// <param name="files">What there is.</param>
    public static IEnumerable<string> Dead(IEnumerable<SourceFile> documents, IReadOnlyList<SourceFile> files)
    {
        var paths = files.Select(file => "/" + file.Path).ToList();
        var tests = files.Where(file => file.Is(".cs") && file.Path.StartsWith("tests/", StringComparison.Ordinal)).SelectMany(file => Declaration().Matches(file.Text)).Select(match => match.Groups["name"].Value).ToHashSet(StringComparer.Ordinal);
        foreach (var document in documents.Where(file => file.Is(".md")))
        {
            foreach (var target in Link().Matches(document.Text).Select(match => match.Groups["target"].Value).Where(target => !target.Contains("://", StringComparison.Ordinal)))
            {
                var path = new Uri(new Uri($"file:///{document.Path}"), target).AbsolutePath.TrimEnd('/');
                if (!paths.Exists(known => known == path || known.StartsWith(path + "/", StringComparison.Ordinal)))
                {
                    yield return $"{document.Path} links to {target}, which is not there.";
                }
            }

            foreach (var source in Source().Matches(document.Text).Select(match => match.Groups["path"].Value).Distinct())
            {
                if (!paths.Exists(known => known.EndsWith("/" + source, StringComparison.Ordinal)))
                {
                    yield return $"{document.Path} names {source}, which is not there.";
                }
            }

            foreach (var test in Test().Matches(document.Text).Select(match => match.Groups["name"].Value).Distinct().Where(test => !tests.Contains(test)))
            {
                yield return $"{document.Path} names the test {test}, which is not there.";
            }
        }
    }

    [GeneratedRegex(@"\]\((?<target>[^)#\s]+)[^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"`(?<path>[\w./]+\.cs)`")]
    private static partial Regex Source();

    /// <summary>A sentence with underscores, which is how tests are named.</summary>
    [GeneratedRegex(@"`(?<name>[A-Z][a-z0-9]*(_\w+?){3,})`")]
    private static partial Regex Test();

    [GeneratedRegex(@"^\s+public [\w<>]*\s?(Task|void) (?<name>\w+)\(", RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
