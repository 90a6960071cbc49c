using System.Text.Json;

namespace FlowPlatform.Orchestration.Watching;

/// <summary>A project that is run, and what it is made of.</summary>
/// <param name="Built">Where its project file is, and its assembly.</param>
/// <param name="Folders">Of the project itself and of all that it refers to, directly or not.</param>
internal sealed record WatchedProject(IBuiltProjectMetadata Built, IReadOnlyList<string> Folders)
{
    /// <summary>Files above a project's folder that its build reads.</summary>
    private static readonly string[] Shared = ["Directory.Build.props", "Directory.Build.targets", "Directory.Packages.props"];

    public static WatchedProject Of(IBuiltProjectMetadata built) => new(built, [.. Projects(built.ProjectPath).Select(project => Path.GetDirectoryName(project)!)]);

    /// <summary>Whether it is made of this file, too.</summary>
    public bool IsMadeOf(string file) => Folders.Any(folder => Contains(folder, file)) || SharedFiles().Contains(file);

    /// <summary>Those that are there, or would be read if they were.</summary>
    public IEnumerable<string> SharedFiles() => Folders.SelectMany(Above).Distinct().SelectMany(folder => Shared.Select(name => Path.Combine(folder, name)));

    public static bool Contains(string folder, string path) => path.StartsWith(folder + Path.DirectorySeparatorChar, StringComparison.Ordinal);

    private static IEnumerable<string> Above(string folder)
    {
        for (var above = Path.GetDirectoryName(folder); above is not null; above = Path.GetDirectoryName(above))
        {
            yield return above;
        }
    }

    /// <summary>The project and, as its restore wrote them down, all that it refers to. Of one that was never restored only itself is known.</summary>
    private static IEnumerable<string> Projects(string projectFile)
    {
        var folder = Path.GetDirectoryName(projectFile)!;
        var assets = Path.Combine(folder, "obj", "project.assets.json");
        yield return projectFile;
        if (!File.Exists(assets))
        {
            yield break;
        }
        using var stream = File.OpenRead(assets);
        using var json = JsonDocument.Parse(stream);
        foreach (var library in json.RootElement.GetProperty("libraries").EnumerateObject())
        {
            if (library.Value.GetProperty("type").ValueEquals("project") && library.Value.TryGetProperty("msbuildProject", out var path))
            {
                yield return Path.GetFullPath(path.GetString()!, folder);
            }
        }
    }
}
