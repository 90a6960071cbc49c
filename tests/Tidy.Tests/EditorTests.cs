using System.Text.Json;
using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace FlowPlatform.Tidy.Tests;

/// <summary>What editors are told names things of this repository; nothing else would notice that one was renamed.</summary>
public sealed partial class EditorTests
{
    private static readonly string Root = Repository.FindRoot();

    public static TheoryData<string> Files => [".vscode/launch.json", ".vscode/tasks.json", ".vscode/extensions.json", ".devcontainer/devcontainer.json", "AppHost/Properties/launchSettings.json"];

    [Theory]
    [MemberData(nameof(Files))]
    public void What_an_editor_reads_is_JSON_and_every_path_in_it_exists(string file)
    {
        foreach (var text in Texts(Read(file)).Where(text => text.StartsWith("${workspaceFolder}/", StringComparison.Ordinal)))
        {
            var path = text["${workspaceFolder}/".Length..];
            var target = OutputPath().Match(path) is { Success: true } built ? $"{built.Groups["project"].Value}/{built.Groups["name"].Value}.csproj"
                : EnvironmentFilePath().Match(path) is { Success: true } left ? $"src/Services/{Services.Single(service => service.Equals(left.Groups["service"].Value, StringComparison.OrdinalIgnoreCase))}"
                : path;
            Path.Exists(Path.Combine(Root, target)).ShouldBeTrue($"{file}: {text}");
        }
    }

    [Fact]
    public void Every_service_can_be_debugged_beside_the_rest()
    {
        var configurations = Read(".vscode/launch.json").GetProperty("configurations").EnumerateArray().ToList();
        var tasks = Read(".vscode/tasks.json").GetProperty("tasks").EnumerateArray().ToDictionary(task => task.GetProperty("label").GetString()!);
        var profiles = Read("AppHost/Properties/launchSettings.json").GetProperty("profiles");
        foreach (var service in Services)
        {
            var name = service.ToLowerInvariant();
            configurations.ShouldContain(configuration => configuration.GetProperty("program").GetString()!.EndsWith($"/{service}.dll", StringComparison.Ordinal), service);
            Texts(tasks[$"AppHost without {name}"].GetProperty("args")).TakeLast(2).ShouldBe(["--without", name]);
            profiles.GetProperty($"AppHost without {name}").GetProperty("commandLineArgs").GetString().ShouldBe($"--without {name}");
        }

        configurations.ShouldAllBe(configuration => tasks.ContainsKey(configuration.GetProperty("preLaunchTask").GetString()!));
    }

    [Fact]
    public void The_profile_that_dotnet_run_takes_changes_nothing()
    {
        var first = Read("AppHost/Properties/launchSettings.json").GetProperty("profiles").EnumerateObject().First().Value;
        first.EnumerateObject().Select(property => property.Name).ShouldBe(["commandName"]);
    }

    /// <summary>The services that publish or fold; the simulator lies elsewhere in the system's picture.</summary>
    private static List<string> Services => [.. Directory.GetDirectories(Path.Combine(Root, "src/Services")).Select(folder => Path.GetFileName(folder)!)
        .Where(name => name is not ("Contracts" or "Simulator") && File.Exists(Path.Combine(Root, "src/Services", name, $"{name}.csproj")))];

    private static JsonElement Read(string file) => JsonDocument.Parse(File.ReadAllText(Path.Combine(Root, file))).RootElement;

    private static IEnumerable<string> Texts(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => [element.GetString()!],
        JsonValueKind.Array => element.EnumerateArray().SelectMany(Texts),
        JsonValueKind.Object => element.EnumerateObject().SelectMany(property => Texts(property.Value)),
        _ => [],
    };

    [GeneratedRegex(@"^(?<project>.+)/bin/Debug/net10\.0/(?<name>\w+)\.dll$")]
    private static partial Regex OutputPath();

    [GeneratedRegex(@"^\.flow/data/env/(?<service>\w+)\.env$")]
    private static partial Regex EnvironmentFilePath();
}
