using System.Runtime.CompilerServices;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Watching;

namespace FlowPlatform.Orchestration.Tests.Watching;

/// <summary>Two services and a library that both refer to, in a test's own folder: copies of tests/Assets/WatchedService and WatchedWords.</summary>
internal sealed class WatchedSources
{
    private readonly string folder;

    public WatchedSources(string folder)
    {
        this.folder = folder;
        Copy("WatchedWords", "WatchedWords");
        Copy("WatchedService", "First");
        Copy("WatchedService", "Second");
        // What the repository's own would say, and no more.
        File.WriteAllText(Path.Combine(folder, "Directory.Build.props"), """
            <Project>
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <UseAppHost>false</UseAppHost>
              </PropertyGroup>
            </Project>
            """);
    }

    public IBuiltProjectMetadata First => new Project(folder, "First");

    public IBuiltProjectMetadata Second => new Project(folder, "Second");

    /// <summary>Builds both for the first time.</summary>
    public async Task BuildAsync()
    {
        var result = await new ProjectBuild(Path.Combine(folder, "build"), TimeProvider.System).RunAsync([First, Second], restore: true, TestContext.Current.CancellationToken);
        result.Succeeded.ShouldBeTrue(string.Join('\n', result.Errors));
    }

    /// <summary>Saves a file otherwise than it was.</summary>
    public void Change(string file, string old, string text)
    {
        var path = Path.Combine(folder, file);
        var before = File.ReadAllText(path);
        before.ShouldContain(old);
        File.WriteAllText(path, before.Replace(old, text, StringComparison.Ordinal));
    }

    public void Add(string file, string text) => File.WriteAllText(Path.Combine(folder, file), text);

    private static string Assets([CallerFilePath] string file = "") => Path.GetFullPath("../../Assets", Path.GetDirectoryName(file)!);

    private void Copy(string asset, string name)
    {
        Directory.CreateDirectory(Path.Combine(folder, name));
        foreach (var file in Directory.GetFiles(Path.Combine(Assets(), asset)))
        {
            File.Copy(file, Path.Combine(folder, name, Path.GetFileName(file).Replace(asset, name, StringComparison.Ordinal)));
        }
    }

    private sealed class Project(string folder, string name) : IBuiltProjectMetadata
    {
        public string ProjectPath => Path.Combine(folder, name, $"{name}.csproj");

        public string TargetPath => Path.Combine(folder, name, "bin", "Debug", "net10.0", $"{name}.dll");
    }
}
