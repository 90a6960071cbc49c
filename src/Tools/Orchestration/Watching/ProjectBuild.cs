using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.Orchestration.Watching;

/// <summary>How a build ended.</summary>
/// <param name="Errors">As the compiler wrote them; of a build that failed for another reason, what it said last.</param>
/// <param name="FailedProjects">Files of the projects that have the errors.</param>
internal sealed record BuildResult(bool Succeeded, IReadOnlyList<string> Errors, IReadOnlyList<string> FailedProjects)
{
    /// <summary>Whether this project could not be built: it, or one that it refers to, has errors, or nobody knows who has.</summary>
    public bool Concerns(WatchedProject project) =>
        !Succeeded && (FailedProjects.Count == 0 || FailedProjects.Any(failed => project.Folders.Contains(Path.GetDirectoryName(failed)!)));
}

/// <summary>Builds several projects at once with <c>dotnet msbuild</c>: what they share is built once.</summary>
internal sealed partial class ProjectBuild(string folder, TimeProvider time)
{
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private const int ErrorsMax = 20;
    private const int LinesMax = 1_000;

    /// <summary>Of the build that this process may itself be a child of, and no terminal's.</summary>
    private static readonly Dictionary<string, string?> Variables = new()
    {
        ["MSBuildSDKsPath"] = null,
        ["MSBUILD_EXE_PATH"] = null,
        ["MSBuildExtensionsPath"] = null,
        ["MSBUILDDISABLENODEREUSE"] = "1", // nothing of a build outlives it
        ["DOTNET_CLI_UI_LANGUAGE"] = "en",
        ["DOTNET_NOLOGO"] = "1",
    };

    /// <param name="projects">What is built.</param>
    /// <param name="restore">Whether packages and references may have changed.</param>
    /// <param name="cancellationToken">Ends the build.</param>
    /// <returns>How it ended; one that takes longer than 5 min is ended, and has failed.</returns>
    public async Task<BuildResult> RunAsync(IReadOnlyCollection<IBuiltProjectMetadata> projects, bool restore, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var file = Path.Combine(folder, "build.proj");
        File.WriteAllText(file, Describe(projects));
        var output = new OutputBuffer(LinesMax);
        string[] arguments =
        [
            "msbuild", file, restore ? "-t:Restore;Build" : "-t:Build", "-nologo", "-v:quiet", "-tl:off", "-clp:ErrorsOnly;NoSummary;DisableConsoleColor",
            string.Create(CultureInfo.InvariantCulture, $"-m:{Math.Min(projects.Count, Environment.ProcessorCount)}"),
        ];
        await using var build = await ChildProcess.StartAsync(new ChildProcessStart(DotnetHost.Path, arguments) { WorkingDirectory = folder, Environment = Variables, OnLine = output.Add });
        try
        {
            var exitCode = await build.Exited.WaitAsync(Limit, time, cancellationToken);
            return Read(exitCode, [.. output.Snapshot().Select(line => line.Text.Trim())]);
        }
        catch (TimeoutException)
        {
            return new BuildResult(false, [$"The build took longer than {Limit.TotalMinutes:0} min and was ended."], []);
        }
    }

    private static BuildResult Read(int exitCode, IReadOnlyList<string> lines)
    {
        var errors = lines.Where(line => Error().IsMatch(line)).Distinct().ToArray();
        return exitCode == 0 ? new BuildResult(true, [], [])
            : errors.Length == 0 ? new BuildResult(false, [$"dotnet msbuild ended with {exitCode}", .. lines.TakeLast(ErrorsMax)], [])
            : new BuildResult(false, [.. errors.Take(ErrorsMax)], [.. errors.Select(line => Project().Match(line)).Where(match => match.Success).Select(match => match.Groups[1].Value).Distinct()]);
    }

    /// <summary>Restoring is an evaluation of its own, as with <c>dotnet build</c>: what it writes is read by the one that builds.</summary>
    private static string Describe(IEnumerable<IBuiltProjectMetadata> projects) => new XElement("Project",
        new XElement("ItemGroup", projects.Select(project => new XElement("Watched",
            new XAttribute("Include", Escape(project.ProjectPath)),
            new XElement("AdditionalProperties", $"Configuration={Escape(project.Configuration)}")))),
        new XElement("Target", new XAttribute("Name", "Restore"), new XElement("MSBuild",
            new XAttribute("Projects", "@(Watched)"), new XAttribute("Targets", "Restore"), new XAttribute("Properties", "MSBuildRestoreSessionId=$([System.Guid]::NewGuid())"))),
        new XElement("Target", new XAttribute("Name", "Build"), new XElement("MSBuild",
            new XAttribute("Projects", "@(Watched)"), new XAttribute("Targets", "Build"), new XAttribute("BuildInParallel", "true")))).ToString();

    /// <summary>What is a wildcard, a list or a property to MSBuild is text here.</summary>
    private static string Escape(string text) => Special().Replace(text, match => string.Create(CultureInfo.InvariantCulture, $"%{(int)match.Value[0]:X2}"));

    [GeneratedRegex(@"(^|[\s:])error( [A-Z]+\d+)?\s*:", RegexOptions.CultureInvariant)]
    private static partial Regex Error();

    [GeneratedRegex(@"\[([^\[\]]+?proj)(::[^\]]*)?\]$", RegexOptions.CultureInvariant)]
    private static partial Regex Project();

    [GeneratedRegex("[%$@;'*?()]")]
    private static partial Regex Special();
}
