using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace FlowPlatform.Templates.Tests;

/// <summary><c>dotnet new flow-service</c>, as its user: create, build, test, run.</summary>
public sealed partial class ServiceTemplateTests(TemplateFixture templates) : IClassFixture<TemplateFixture>, IDisposable
{
    private readonly TemporaryDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_service_with_an_odd_name_refers_to_a_clone_passes_its_tests_and_runs_by_itself()
    {
        var service = await templates.CreateAsync(directory.Path, "flow-service", "Bar.Loyalty-x", "--platform", Clone.Root);
        var tests = await Dotnet.DoneAsync(service, "test", "Bar.Loyalty-x.Tests", "-c", Clone.Configuration);
        tests.ShouldContain("Passed: 5");

        var url = $"http://127.0.0.1:{FreePort()}";
        await using var running = Dotnet.Start(
            service, new Dictionary<string, string?> { ["ConnectionStrings__embedded-log"] = ".flow/log" },
            "run", "--no-build", "-c", Clone.Configuration, "--no-launch-profile", "--", "--urls", url);
        using var client = new HttpClient { BaseAddress = new Uri(url) };
        await Eventually.ThatAsync("the service answers", async () => running.HasExited ? throw new InvalidOperationException(running.Output) : await AnswersAsync(client));
        (await client.GetFromJsonAsync<JsonElement>("/flow/status", TestContext.Current.CancellationToken)).GetProperty("service").GetString().ShouldBe("bar-loyalty-x");
    }

    [Fact]
    public async Task Inside_a_clone_a_service_needs_no_settings_of_its_own()
    {
        var inside = Directory.CreateDirectory(Path.Combine(Clone.Root, "artifacts", $"template-{Guid.NewGuid():N}"));
        try
        {
            var service = await templates.CreateAsync(inside.FullName, "flow-service", "Loyalty", "--stream", "payments");
            await Dotnet.DoneAsync(service, "build", "Loyalty.Tests", "-c", Clone.Configuration);
            var tests = await Dotnet.DoneAsync(service, "test", "--project", "Loyalty.Tests", "--no-build", "-c", Clone.Configuration);
            tests.ShouldContain("succeeded: 5");
        }
        finally
        {
            inside.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Without_a_clone_a_service_is_built_on_the_packages()
    {
        using var feed = await PackageFeed.CreateAsync();
        var service = await feed.CreateAsync(directory.Path, "flow-service", "Counts", "--stream", "tickets");
        var tests = await Dotnet.DoneAsync(service, "test", "Counts.Tests", "-c", Clone.Configuration);
        tests.ShouldContain("Passed: 5");
    }

    [Theory]
    [InlineData("orders", "[Event(\"orders.placed.v1\", Key = nameof(OrderId))]", "OrderPlaced(string OrderId)")]
    [InlineData("shipments", "[Event(\"shipments.shipped.v1\", Key = nameof(OrderId))]", "OrderShipped(string OrderId)")]
    [InlineData("tickets", "[Event(\"tickets.created.v1\", Key = nameof(Id))]", "Created(string Id)")]
    public async Task The_event_is_one_of_the_stream(string stream, string attribute, string record)
    {
        var service = await templates.CreateAsync(directory.Path, "flow-service", "Counts", "--stream", stream);
        var events = await File.ReadAllTextAsync(Path.Combine(service, "Events.cs"), TestContext.Current.CancellationToken);
        events.ShouldContain(attribute);
        events.ShouldContain(record);
        (await File.ReadAllTextAsync(Path.Combine(service, "App.cs"), TestContext.Current.CancellationToken)).ShouldContain($"flow.Projection<DailyCounts>(\"{stream}\")");
    }

    [Theory]
    [InlineData("sqlite", false)]
    [InlineData("postgres", true)]
    public async Task By_itself_it_uses_the_store_that_was_chosen(string store, bool isPostgres)
    {
        var service = await templates.CreateAsync(directory.Path, "flow-service", "Counts", "--store", store);
        var settings = await File.ReadAllTextAsync(Path.Combine(service, "Properties", "launchSettings.json"), TestContext.Current.CancellationToken);
        using var json = JsonDocument.Parse(settings);
        var variables = json.RootElement.GetProperty("profiles").GetProperty("Counts").GetProperty("environmentVariables");
        variables.TryGetProperty("ConnectionStrings__counts-db", out _).ShouldBe(isPostgres);
        (await File.ReadAllTextAsync(Path.Combine(service, "README.md"), TestContext.Current.CancellationToken)).Contains("Postgres database", StringComparison.Ordinal).ShouldBe(isPostgres);
    }

    [Fact]
    public async Task Nothing_of_the_template_is_left_in_what_it_makes()
    {
        var service = await templates.CreateAsync(directory.Path, "flow-service", "Counts");
        foreach (var file in Directory.EnumerateFiles(service, "*", SearchOption.AllDirectories))
        {
            Leftover().Match(Path.GetFileName(file) + await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Value.ShouldBeEmpty(file);
        }
    }

    [Fact]
    public async Task The_packages_are_of_this_version() => (await File.ReadAllTextAsync(Path.Combine(Clone.Root, "src", "Templates", "flow-service", "FlowPlatform.props"), TestContext.Current.CancellationToken))
        .ShouldContain($">{Clone.Version}</FlowPlatformVersion>");

    [GeneratedRegex("Service[-_]Project|ServiceNamespace|ProjectType|service-name|stream-name|event-verb|EventType|EventKey|PLATFORM_PATH|#if|#endif")]
    private static partial Regex Leftover();

    private static async Task<bool> AnswersAsync(HttpClient client)
    {
        try
        {
            using var answer = await client.GetAsync(new Uri("/daily-counts", UriKind.Relative), TestContext.Current.CancellationToken);
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var socket = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        socket.Start();
        return ((IPEndPoint)socket.LocalEndpoint).Port;
    }
}
