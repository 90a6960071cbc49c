namespace FlowPlatform.Templates.Tests;

/// <summary>The platform's packages and templates, of a version that nobody else has, in a directory.</summary>
internal sealed class PackageFeed : IDisposable
{
    private static readonly string[] Projects =
    [
        "src/Platform/FlowPlatform", "src/Platform/FlowPlatform.Storage", "src/Platform/FlowPlatform.RabbitMQ", "src/Platform/FlowPlatform.Testing", "ServiceDefaults", "src/Tools/Orchestration",
    ];

    private readonly TemporaryDirectory directory = new();
    private readonly TemporaryDirectory hive = new();
    private readonly string version = $"{Clone.Version}-test{Guid.NewGuid():N}";

    private PackageFeed()
    {
    }

    /// <summary>Packs what is built.</summary>
    public static async Task<PackageFeed> CreateAsync()
    {
        var feed = new PackageFeed();
        await Dotnet.DoneAsync(Clone.Root, "pack", "src/Templates", $"-p:Version={feed.version}", "-o", feed.directory.Path);
        foreach (var project in Projects)
        {
            await Dotnet.DoneAsync(Clone.Root, "pack", project, "--no-build", "-c", Clone.Configuration, $"-p:Version={feed.version}", "-o", feed.directory.Path);
        }

        return feed;
    }

    /// <summary><c>dotnet new</c> from the package of templates, in a directory that has the feed as a source more: where it made something.</summary>
    public async Task<string> CreateAsync(string target, string template, string name, params string[] options)
    {
        await Dotnet.DoneAsync(hive.Path, "new", "install", Path.Combine(directory.Path, $"FlowPlatform.Templates.{version}.nupkg"), "--debug:custom-hive", hive.Path);
        await Dotnet.DoneAsync(target, ["new", template, "-n", name, "--debug:custom-hive", hive.Path, "--no-update-check", .. options]);
        await File.WriteAllTextAsync(
            Path.Combine(target, "nuget.config"),
            $"""
            <configuration>
              <packageSources><add key="flow-platform-test" value="{directory.Path}" /></packageSources>
            </configuration>
            """);
        return Path.Combine(target, name);
    }

    /// <summary>Restoring has put them into the user's cache.</summary>
    public void Dispose()
    {
        directory.Dispose();
        hive.Dispose();
        var cache = Environment.GetEnvironmentVariable("NUGET_PACKAGES") ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        foreach (var package in Directory.EnumerateDirectories(cache, "flowplatform*").Select(package => Path.Combine(package, version)).Where(Directory.Exists))
        {
            Directory.Delete(package, recursive: true);
        }
    }
}
