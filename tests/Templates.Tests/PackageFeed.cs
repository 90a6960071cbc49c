namespace FlowPlatform.Templates.Tests;

/// <summary>The platform's packages, of a version that nobody else has, in a directory.</summary>
internal sealed class PackageFeed : IDisposable
{
    private static readonly string[] Projects =
    [
        "src/Platform/FlowPlatform", "src/Platform/FlowPlatform.Storage", "src/Platform/FlowPlatform.RabbitMQ", "src/Platform/FlowPlatform.Testing", "ServiceDefaults", "src/Tools/Orchestration",
    ];

    private readonly TemporaryDirectory directory = new();
    private readonly string version = $"{Clone.Version}-test{Guid.NewGuid():N}";

    private PackageFeed()
    {
    }

    /// <summary>Packs what is built.</summary>
    public static async Task<PackageFeed> CreateAsync()
    {
        var feed = new PackageFeed();
        foreach (var project in Projects)
        {
            await Dotnet.DoneAsync(Clone.Root, "pack", project, "--no-build", "-c", Clone.Configuration, $"-p:Version={feed.version}", "-o", feed.directory.Path);
        }

        return feed;
    }

    /// <summary>Makes a project use these, as the feed's owner would: a source more, and the version.</summary>
    public async Task UseInAsync(string project)
    {
        await File.WriteAllTextAsync(
            Path.Combine(project, "nuget.config"),
            $"""
            <configuration>
              <packageSources><add key="flow-platform-test" value="{directory.Path}" /></packageSources>
            </configuration>
            """);
        var props = Path.Combine(project, "FlowPlatform.props");
        var text = await File.ReadAllTextAsync(props);
        await File.WriteAllTextAsync(props, text.Replace($">{Clone.Version}<", $">{version}<", StringComparison.Ordinal));
    }

    /// <summary>Restoring has put them into the user's cache.</summary>
    public void Dispose()
    {
        directory.Dispose();
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (var package in Directory.EnumerateDirectories(cache, "flowplatform*").Select(package => Path.Combine(package, version)).Where(Directory.Exists))
        {
            Directory.Delete(package, recursive: true);
        }
    }
}
