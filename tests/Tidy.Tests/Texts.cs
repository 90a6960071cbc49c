using System.Text.RegularExpressions;

namespace FlowPlatform.Tidy.Tests;

/// <summary>Checks of names, sizes and words. Words that must not occur are built from pieces, so that these lines don't contain them.</summary>
internal static partial class Texts
{
    private const int MaxLines = 500;

    private static readonly string[] BannedNames =
    [
        "Common", "Core", "Util", "Utils", "Utility", "Utilities", "Helper", "Helpers", "BuildingBlocks", "Misc", "Shared", "Base", "Domain", "Application", "Infrastructure", "Mediator",
        "Abstractions", "SharedKernel",
    ];

    private static readonly string[] UnfinishedWords = ["Not" + "Implemented", "TO" + "DO", "FIX" + "ME", "HA" + "CK:"];

    private static readonly string[] Waits = ["Thread" + ".Sleep", "Task" + ".Delay", "Spin" + "Wait"];

    private static readonly string[] Skips = ["Skip " + "=", "Skip" + "=", "Skip" + "Unless", "Skip" + "When", "Assert" + ".Skip", "Explicit " + "= true"];

    private static readonly string[] Hosts = ["nuget" + ".org", "pkgs." + "dev.azure", "artifact" + "ory", "jf" + "rog", "nex" + "us.", "npm" + "js", "py" + "pi.", "prox" + "y.golang"];

    /// <summary>Names that say nothing, in folders, projects and namespaces.</summary>
    public static IEnumerable<string> EmptyNames(IEnumerable<SourceFile> files)
    {
        foreach (var file in files)
        {
            var segments = file.Folder.Split('/').SelectMany(folder => folder.Split('.'))
                .Concat(file.Is(".csproj") ? Path.GetFileNameWithoutExtension(file.Name).Split('.') : [])
                .Concat(file.Is(".cs") ? Namespace().Matches(file.Text).SelectMany(match => match.Groups["name"].Value.Split('.')) : []);
            foreach (var segment in segments.Intersect(BannedNames, StringComparer.OrdinalIgnoreCase))
            {
                yield return $"{file.Path}: '{segment}' says nothing about what is inside.";
            }
        }
    }

    public static IEnumerable<string> LongFiles(IEnumerable<SourceFile> files) =>
        from file in files
        let limit = file.Path switch { "README.md" => 150, "AppHost/AppHost.cs" => 60, _ => MaxLines }
        where file.Is(".cs", ".razor", ".css", ".md")
        let lines = file.Text.TrimEnd('\n').Split('\n').Length
        where lines > limit
        select $"{file.Path} has {lines} lines; {limit} are possible.";

    public static IEnumerable<string> Unfinished(IEnumerable<SourceFile> files) => Find(files, UnfinishedWords);

    /// <summary>Faults have a length: what makes them waits, and its tests don't.</summary>
    public static IEnumerable<string> WaitsInTests(IEnumerable<SourceFile> files) => Find(files.Where(file => IsTest(file) && !file.Path.StartsWith("tests/Chaos/", StringComparison.Ordinal)), Waits);

    public static IEnumerable<string> SkippedTests(IEnumerable<SourceFile> files) => Find(files.Where(IsTest), Skips);

    /// <summary>Whoever clones this has other folders and another feed.</summary>
    public static IEnumerable<string> MachineDetails(IEnumerable<SourceFile> files) =>
        Find(files, Hosts).Concat(
            from file in files
            from line in file.Lines()
            where MachinePath().IsMatch(line.Text)
            select $"{file.Path}:{line.Number}: {line.Text.Trim()}");

    /// <summary>A tag can be moved; a commit can't.</summary>
    public static IEnumerable<string> UnpinnedActions(IEnumerable<SourceFile> files) =>
        from file in files
        where file.Path.StartsWith(".github/", StringComparison.Ordinal)
        from line in file.Lines()
        where line.Text.Contains("uses:", StringComparison.Ordinal) && !PinnedAction().IsMatch(line.Text)
        select $"{file.Path}:{line.Number}: {line.Text.Trim()} needs the full commit hash, and its version behind it.";

    private static bool IsTest(SourceFile file) => file.Is(".cs") && file.Path.StartsWith("tests/", StringComparison.Ordinal);

    private static IEnumerable<string> Find(IEnumerable<SourceFile> files, string[] words) =>
        from file in files
        from line in file.Lines()
        where words.Any(word => line.Text.Contains(word, StringComparison.Ordinal))
        select $"{file.Path}:{line.Number}: {line.Text.Trim()}";

    [GeneratedRegex(@"^namespace (?<name>[\w.]+)", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    /// <summary>The one home that is everywhere the same is that of the images' user.</summary>
    [GeneratedRegex(@"(?<![\w.$}])/(work|root|home(?!/app\b)|Users|tmp|mnt)/\w|\b[A-Z]:\\\w|https?://(?!127\.|0\.0\.0\.0)\d+\.\d+\.\d+\.\d+")]
    private static partial Regex MachinePath();

    [GeneratedRegex(@"uses:\s*[\w./-]+@[0-9a-f]{40}\s+# v\d")]
    private static partial Regex PinnedAction();
}
