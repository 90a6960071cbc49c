namespace FlowPlatform.Templates.Tests;

/// <summary>The templates, installed for these tests alone.</summary>
public sealed class TemplateFixture : IAsyncLifetime
{
    private readonly TemporaryDirectory hive = new();

    public async ValueTask InitializeAsync() => await Dotnet.DoneAsync(hive.Path, "new", "install", Path.Combine(Clone.Root, "src", "Templates"), "--debug:custom-hive", hive.Path);

    public ValueTask DisposeAsync()
    {
        hive.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary><c>dotnet new</c> in a directory: the one that it made.</summary>
    public async Task<string> CreateAsync(string directory, string template, string name, params string[] options)
    {
        await Dotnet.DoneAsync(directory, ["new", template, "-n", name, "--debug:custom-hive", hive.Path, "--no-update-check", .. options]);
        return Path.Combine(directory, name);
    }
}
