using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace FlowPlatform.Templates.Tests;

/// <summary><c>dotnet new flow-solution</c>, as its user: create, test, run, add a service.</summary>
public sealed partial class SolutionTemplateTests(TemplateFixture templates) : IClassFixture<TemplateFixture>, IDisposable
{
    private readonly TemporaryDirectory directory = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_solution_on_a_clone_passes_its_tests_runs_and_takes_another_service()
    {
        var solution = await templates.CreateAsync(directory.Path, "flow-solution", "My.Shop-1", "--platform", Clone.Root);
        await templates.CreateAsync(solution, "flow-service", "Loyalty");
        await AddServiceAsync(solution);
        (await Dotnet.DoneAsync(solution, "test", "-c", Clone.Configuration)).ShouldMatch(@"Passed:\s+6\b");
        await Dotnet.DoneAsync(solution, "build", "AppHost", "-c", Clone.Configuration);

        await using var running = Dotnet.Start(
            solution, new Dictionary<string, string?>(), "run", "--no-build", "-c", Clone.Configuration, "--project", "AppHost", "--", "--log", "embedded");
        using var client = new HttpClient();
        using var placed = await client.PostAsJsonAsync($"{await UrlOfAsync(running, "orders")}/orders", new { orderId = "1", country = "Germany", pieces = 3 }, Token);
        placed.StatusCode.ShouldBe(HttpStatusCode.Accepted, await placed.Content.ReadAsStringAsync(Token));
        var insights = await UrlOfAsync(running, "insights");
        await Eventually.ThatAsync("Insights has heard of the order", async () => await client.GetStringAsync($"{insights}/sales", Token), static sales => sales.Contains("\"pieces\":3", StringComparison.Ordinal));
        var loyalty = await UrlOfAsync(running, "loyalty");
        await Eventually.ThatAsync("and so has the new service", async () => await client.GetStringAsync($"{loyalty}/daily-counts", Token), static counts => counts.Contains("\"events\":1", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_clone_a_solution_is_built_on_the_packages()
    {
        using var feed = await PackageFeed.CreateAsync();
        var solution = await feed.CreateAsync(directory.Path, "flow-solution", "Shop");
        (await Dotnet.DoneAsync(solution, "test", "-c", Clone.Configuration)).ShouldMatch(@"Passed:\s+6\b");
    }

    [Fact]
    public async Task Nothing_of_the_template_is_left_in_what_it_makes()
    {
        var solution = await templates.CreateAsync(directory.Path, "flow-solution", "Market");
        foreach (var file in Directory.EnumerateFiles(solution, "*", SearchOption.AllDirectories))
        {
            Leftover().Match(Path.GetFileName(file) + await File.ReadAllTextAsync(file, Token)).Value.ShouldBeEmpty(file);
        }
    }

    [Fact]
    public async Task The_packages_are_of_this_version() => (await File.ReadAllTextAsync(Path.Combine(Clone.Root, "src", "Templates", "flow-solution", "FlowPlatform.props"), Token))
        .ShouldContain($">{Clone.Version}</FlowPlatformVersion>");

    /// <summary>The two lines that the solution's README names.</summary>
    private static async Task AddServiceAsync(string solution)
    {
        await ReplaceAsync(Path.Combine(solution, "AppHost", "AppHost.csproj"), "<ProjectReference Include=\"../Insights/Insights.csproj\" />", "$0<ProjectReference Include=\"../Loyalty/Loyalty.csproj\" />");
        await ReplaceAsync(Path.Combine(solution, "AppHost", "AppHost.cs"), "AddService<Projects.Insights>(\"insights\");", "$0AddService<Projects.Loyalty>(\"loyalty\");");
    }

    private static async Task ReplaceAsync(string file, string line, string by)
    {
        var text = await File.ReadAllTextAsync(file, Token);
        text.ShouldContain(line);
        await File.WriteAllTextAsync(file, text.Replace(line, by.Replace("$0", line, StringComparison.Ordinal), StringComparison.Ordinal), Token);
    }

    /// <summary>Where the console says that it listens.</summary>
    private static async Task<string> UrlOfAsync(DotnetProcess running, string service)
    {
        var ready = new Regex($@"^{service}: ready (http://\S+)$", RegexOptions.Multiline);
        await Eventually.ThatAsync(
            $"{service} is ready", () => running.HasExited ? throw new InvalidOperationException(running.Output) : ready.IsMatch(running.Output), TimeSpan.FromMinutes(3));
        return ready.Match(running.Output).Groups[1].Value;
    }

    [GeneratedRegex("Shop[-_]Solution|ShopNamespace|PLATFORM_PATH|:cnd:")]
    private static partial Regex Leftover();
}
