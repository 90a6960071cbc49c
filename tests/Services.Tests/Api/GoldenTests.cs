using System.Text.Json;
using System.Text.Json.Nodes;
using FlowPlatform.Events;

namespace Services.Tests.Api;

/// <summary>
/// The API of each service as it was reviewed. A wanted change: run with FLOW_UPDATE_GOLDEN=1, look at the difference, commit it with the change.
/// </summary>
public sealed class GoldenTests
{
    private static readonly JsonSerializerOptions Indented = new(FlowJson.Options) { WriteIndented = true, NewLine = "\n" };

    public static TheoryData<string> Services => ApiService.Names;

    [Theory]
    [MemberData(nameof(Services))]
    public async Task The_api_is_the_one_that_was_reviewed(string name)
    {
        await using var service = await ApiService.StartAsync(name);
        var file = Path.Combine(Folder(), $"{name}.json");
        var now = (await service.DocumentAsync()).ToJsonString(Indented) + "\n";
        if (Environment.GetEnvironmentVariable("FLOW_UPDATE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(file, now, TestContext.Current.CancellationToken);
        }

        var reviewed = File.Exists(file) ? await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken) : "";
        Difference(reviewed, now).ShouldBeNull(
            $"The API of {name} has changed. If it is meant to: FLOW_UPDATE_GOLDEN=1 dotnet run --project tests/Services.Tests -- -class '*GoldenTests', and commit the difference.");
    }

    [Fact]
    public void A_change_is_found_and_shown() =>
        Difference("{\n  \"a\": 1\n}\n", "{\n  \"a\": 2\n}\n").ShouldBe("line 2: was '  \"a\": 1', is '  \"a\": 2'");

    private static string? Difference(string reviewed, string now)
    {
        if (reviewed == now)
        {
            return null;
        }

        var (before, after) = (reviewed.Split('\n'), now.Split('\n'));
        var line = Enumerable.Range(0, Math.Max(before.Length, after.Length)).First(index => before.ElementAtOrDefault(index) != after.ElementAtOrDefault(index));
        return $"line {line + 1}: was '{before.ElementAtOrDefault(line)}', is '{after.ElementAtOrDefault(line)}'";
    }

    private static string Folder()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "FlowPlatform.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside of the repository.");
        }

        return Path.Combine(folder.FullName, "tests", "Services.Tests", "Api", "Golden");
    }
}
