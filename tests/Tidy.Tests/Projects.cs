using System.Text.RegularExpressions;

namespace FlowPlatform.Tidy.Tests;

/// <summary>Checks of projects and of what they refer to.</summary>
internal static partial class Projects
{
    /// <summary>Packages that may come with the platform library: the base class library's own family, and analyzers, which leave nothing behind.</summary>
    private static readonly string[] PlatformPackages = ["Microsoft.Extensions.", "Microsoft.CodeAnalysis.", "Polly.Core"];

    private static readonly string[] PlatformNamespaces = ["System", "Microsoft.Extensions", "FlowPlatform", "Polly"];

    private static readonly string[] Platform = ["FlowPlatform", "FlowPlatform.Storage", "FlowPlatform.RabbitMQ", "ServiceDefaults"];

    private static readonly string[] TestFrameworks = ["xunit", "NUnit", "TUnit", "MSTest", "Microsoft.VisualStudio.TestTools", "Shouldly", "FluentAssertions", "AwesomeAssertions", "Moq", "NSubstitute"];

    /// <summary>Dependencies point one way.</summary>
    public static IEnumerable<string> WrongReferences(IEnumerable<SourceFile> files) =>
        from project in files
        where project.Is(".csproj")
        from reference in References(project)
        where !MayRefer(project, reference)
        select $"{project.Path} must not refer to {reference}.";

    /// <summary>The platform library knows no vendor.</summary>
    public static IEnumerable<string> VendorsInPlatform(IEnumerable<SourceFile> files)
    {
        foreach (var file in files.Where(file => file.Path.StartsWith("src/Platform/FlowPlatform/", StringComparison.Ordinal)))
        {
            var found = file.Is(".csproj") ? PackageReference().Matches(file.Text).Select(match => match.Groups["name"].Value).Where(name => !StartsWithAny(name, PlatformPackages))
                : file.Is(".cs") ? Using().Matches(file.Text).Select(match => match.Groups["name"].Value).Where(name => !IsWithin(name, PlatformNamespaces))
                    .Concat(Vendor().Matches(file.Text).Select(match => match.Value))
                : [];
            foreach (var name in found)
            {
                yield return $"{file.Path} uses {name}.";
            }
        }
    }

    /// <summary>What users test with leaves them the choice of their test framework.</summary>
    public static IEnumerable<string> TestFrameworksInTesting(IEnumerable<SourceFile> files) =>
        from file in files
        where file.Path.StartsWith("src/Platform/FlowPlatform.Testing/", StringComparison.Ordinal)
        let names = file.Is(".csproj") ? PackageReference().Matches(file.Text) : file.Is(".cs") ? Using().Matches(file.Text) : Enumerable.Empty<Match>()
        from name in names.Select(match => match.Groups["name"].Value)
        where TestFrameworks.Any(framework => name.StartsWith(framework, StringComparison.OrdinalIgnoreCase))
        select $"{file.Path} uses {name}.";

    /// <summary>One classic solution at the root, with every project in it and nothing else.</summary>
    public static IEnumerable<string> OutsideTheSolution(IReadOnlyCollection<SourceFile> files)
    {
        var solutions = files.Where(file => file.Is(".sln", ".slnx")).ToList();
        if (solutions is not [{ Path: "FlowPlatform.sln" } solution])
        {
            return [$"One solution, FlowPlatform.sln, is expected; there are: {string.Join(", ", solutions.Select(other => other.Path))}."];
        }

        var listed = SolutionProject().Matches(solution.Text).Select(match => match.Groups["path"].Value.Replace('\\', '/')).ToHashSet(StringComparer.Ordinal);
        var present = files.Where(file => file.Is(".csproj")).Select(file => file.Path).ToHashSet(StringComparer.Ordinal);
        return present.Except(listed).Select(path => $"{path} is not in FlowPlatform.sln.").Concat(listed.Except(present).Select(path => $"FlowPlatform.sln lists {path}, which is not there."));
    }

    /// <summary>Versions stand in Directory.Packages.props alone.</summary>
    public static IEnumerable<string> StrayVersions(IEnumerable<SourceFile> files) =>
        from file in files
        where file.Is(".csproj", ".props", ".targets") && file.Path != "Directory.Packages.props"
        from match in PackageVersion().Matches(file.Text)
        select $"{file.Path}: {match.Value}";

    /// <summary>What templates make has its versions in itself: those of this repository, where it has the package.</summary>
    public static IEnumerable<string> OtherVersionsInTemplates(IReadOnlyCollection<SourceFile> files)
    {
        var used = VersionsIn(files.Where(file => file.Path == "Directory.Packages.props")).ToDictionary(package => package.Name, package => package.Version, StringComparer.Ordinal);
        return from package in VersionsIn(files.Where(Repository.IsOfTemplate))
               where used.TryGetValue(package.Name, out var version) && version != package.Version
               select $"{package.Path}: {package.Name} {package.Version}, here {used[package.Name]}.";
    }

    /// <summary>
    /// Aspire's SDK and packages can't be had everywhere: nothing looks for them unless it is asked to. An SDK that a false condition keeps out is never probed;
    /// an <c>Sdk</c> attribute of a project, or an <c>Sdk</c> element, has no condition.
    /// </summary>
    public static IEnumerable<string> UnconditionalAspire(IEnumerable<SourceFile> files)
    {
        foreach (var file in files.Where(file => file.Is(".csproj", ".props", ".targets")))
        {
            var conditional = ConditionalGroup().Replace(file.Text, "");
            foreach (var line in conditional.Split('\n').Where(line => AspireReference().IsMatch(line) && !line.Contains(AspireCondition, StringComparison.Ordinal)))
            {
                yield return $"{file.Path}: {line.Trim()} needs the condition {AspireCondition}.";
            }
        }
    }

    private static IEnumerable<(string Path, string Name, string Version)> VersionsIn(IEnumerable<SourceFile> files) =>
        from file in files
        where file.Is(".csproj", ".props")
        from match in NamedVersion().Matches(file.Text)
        select (file.Path, match.Groups["name"].Value, match.Groups["version"].Value);

    [GeneratedRegex("<Package(?:Reference|Version) Include=\"(?<name>[^\"]+)\" Version=\"(?<version>[^\"]+)\"")]
    private static partial Regex NamedVersion();

    private static IEnumerable<string> References(SourceFile project) =>
        ProjectReference().Matches(project.Text).Select(match => Path.GetFileNameWithoutExtension(match.Groups["path"].Value.Replace('\\', '/')));

    private static bool MayRefer(SourceFile project, string reference)
    {
        var name = Path.GetFileNameWithoutExtension(project.Name);
        return project.Path.Split('/') switch
        {
            ["src", "Platform", "FlowPlatform", ..] => false,
            ["src", "Platform", "FlowPlatform.Testing", ..] => Platform.Contains(reference),
            ["src", "Platform", ..] or ["ServiceDefaults", ..] => reference == "FlowPlatform",
            ["src", "Services", "Contracts", ..] => reference == "FlowPlatform",
            ["src", "Services", ..] => reference == "Contracts" || Platform.Contains(reference),
            ["src", "Tools", ..] => Platform.Contains(reference) || reference == "FlowPlatform.Testing",
            ["AppHost", ..] => !reference.StartsWith("FlowPlatform", StringComparison.Ordinal) && reference != name && !reference.EndsWith(".Tests", StringComparison.Ordinal),
            ["tests", ..] => !reference.EndsWith(".Tests", StringComparison.Ordinal),
            _ => false,
        };
    }

    private static bool StartsWithAny(string name, string[] prefixes) => prefixes.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal));

    private static bool IsWithin(string name, string[] namespaces) => namespaces.Any(space => name == space || name.StartsWith($"{space}.", StringComparison.Ordinal));

    private const string AspireCondition = "Condition=\"'$(FlowOrchestrator)' == 'Aspire'\"";

    [GeneratedRegex("<ItemGroup Condition=\"'\\$\\(FlowOrchestrator\\)' == 'Aspire'\">.*?</ItemGroup>", RegexOptions.Singleline)]
    private static partial Regex ConditionalGroup();

    [GeneratedRegex("<(Project|Import|Sdk|PackageReference|PackageVersion)\\b[^>]*(Sdk|Name|Include)=\"Aspire\\.")]
    private static partial Regex AspireReference();

    [GeneratedRegex("<ProjectReference\\s+Include=\"(?<path>[^\"]+)\"")]
    private static partial Regex ProjectReference();

    [GeneratedRegex("<PackageReference\\s+Include=\"(?<name>[^\"]+)\"")]
    private static partial Regex PackageReference();

    [GeneratedRegex("<Package(Reference|Version)\\b[^>]*\\bVersion(Override)?\\s*=\\s*\"[^\"]*\"|VersionOverride")]
    private static partial Regex PackageVersion();

    [GeneratedRegex(@"^(global )?using (static )?(\w+ = )?(?<name>[A-Z][\w.]*)", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex(@"\b(Microsoft\.AspNetCore|Microsoft\.Data|RabbitMQ\.Client|MassTransit|Dapper|Npgsql|OpenTelemetry|Spectre)\.[A-Z]\w+")]
    private static partial Regex Vendor();

    [GeneratedRegex("^Project\\(\"[^\"]+\"\\) = \"[^\"]+\", \"(?<path>[^\"]+\\.csproj)\"", RegexOptions.Multiline)]
    private static partial Regex SolutionProject();
}
