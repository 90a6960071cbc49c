using System.Net;
using Aspire.Hosting;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.ResourceService;
using FlowPlatform.Orchestration.Tests.Supervision;

namespace FlowPlatform.Orchestration.Tests.ResourceService;

public sealed class ResourceListTests
{
    [Fact]
    public async Task The_list_tells_what_runs_where_and_for_whom_but_no_secret()
    {
        await using var served = new ServedApplication();
        var secret = served.Application.Builder.AddParameter("admin-key", "open-sesame-42", secret: true);
        var first = served.Application.AddService("first").WithEnvironment("FLOW_ADMIN_KEY", secret).WithEnvironment("BANNER", $"opened by {secret}").WithEnvironment("MODE", "shop");
        served.Application.AddService("second").WithReference(first).WaitFor(first);
        await served.StartAsync();
        await served.HealthyAsync("second");

        var text = await served.Client.GetStringAsync("/v1/resources", TestContext.Current.CancellationToken);
        text.ShouldNotContain("open-sesame-42");
        text.ShouldNotContain(served.Told["FLOW_RESOURCE_KEY"]);
        text.ShouldNotContain(served.Told["DASHBOARD__FRONTEND__BROWSERTOKEN"]);
        text.ShouldNotContain(served.Told["DASHBOARD__OTLP__PRIMARYAPIKEY"]);

        var listing = await served.ListAsync();
        listing.Resources.Select(resource => resource.Name).ShouldBe(["dashboard", "first", "second"]);
        var shown = listing.Resources[1];
        (shown.Type, shown.State, shown.Health, shown.Restarts).ShouldBe(("Project", "Running", "Healthy", 0));
        shown.ProcessId.ShouldBe(served.Application.Starts("first").Single());
        shown.StartedAt.ShouldNotBeNull();
        shown.Endpoints.ShouldContain(new EndpointDescription("http", first.GetEndpoint("http").Url));
        shown.HealthReports.ShouldBe([new HealthReportDescription("first_http_/health_200_check", "Healthy", null)]);
        shown.Environment.ShouldContain(new EnvironmentDescription("MODE", "shop", IsMasked: false));
        shown.Environment.ShouldContain(new EnvironmentDescription("FLOW_ADMIN_KEY", "***", IsMasked: true));
        shown.Environment.ShouldContain(new EnvironmentDescription("BANNER", "opened by ***", IsMasked: true));
        listing.Resources[2].Relationships.ShouldBe([new RelationshipDescription("Reference", "first"), new RelationshipDescription("WaitFor", "first")]);
        listing.Resources.Select(resource => resource.IsDashboard).ShouldBe([true, false, false]);
    }

    [Fact]
    public async Task Nobody_gets_in_without_the_key_and_requests_are_small()
    {
        await using var served = new ServedApplication();
        await served.StartAsync();
        var token = TestContext.Current.CancellationToken;
        using var stranger = new HttpClient { BaseAddress = served.Client.BaseAddress };
        foreach (var path in new[] { "/v1/resources", "/v1/resources/changes", "/v1/resources/dashboard/console", "/nothing" })
        {
            using var refused = await stranger.GetAsync(path, token);
            refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, path);
            (await ServedApplication.CodeOfAsync(refused)).ShouldBe("key-missing");
        }
        stranger.DefaultRequestHeaders.Add(ResourceAccess.Header, "wrong");
        using var wrong = await stranger.PostAsync("/v1/resources/dashboard/commands/stop", null, token);
        wrong.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);

        using var large = new ByteArrayContent(new byte[100_000]);
        using var tooLarge = await served.Client.PostAsync("/v1/resources/dashboard/commands/stop", large, token);
        tooLarge.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        (await ServedApplication.CodeOfAsync(tooLarge)).ShouldBe("too-large");
        using var nonsense = new StringContent("{ replicas");
        using var unread = await served.Client.PostAsync("/v1/resources/dashboard/commands/restart", nonsense, token);
        (unread.StatusCode, await ServedApplication.CodeOfAsync(unread)).ShouldBe((HttpStatusCode.BadRequest, "bad-request"));
        using var nowhere = await served.Client.GetAsync("/v1/nothing", token);
        (nowhere.StatusCode, await ServedApplication.CodeOfAsync(nowhere)).ShouldBe((HttpStatusCode.NotFound, "unknown-path"));
        (await served.DescribeAsync("dashboard")).State.ShouldBe("Running");
    }

    [Fact]
    public async Task Who_listens_hears_of_a_crash_and_of_the_new_start()
    {
        await using var served = new ServedApplication();
        served.Application.AddService("service");
        await served.StartAsync();
        await served.HealthyAsync("service");

        var sawCrash = false;
        await foreach (var (type, data) in served.EventsAsync("/v1/resources/changes"))
        {
            if (type == "resources")
            {
                data.GetProperty("resources").GetArrayLength().ShouldBe(2);
                Signals.Kill(served.Application.Starts("service")[0]).ShouldBeTrue();
                continue;
            }
            type.ShouldBe("changed");
            var resource = data.GetProperty("resource");
            if (data.GetProperty("name").GetString() != "service")
            {
                continue;
            }
            // The reason may come with a later change.
            sawCrash |= resource.GetProperty("stateStyle").GetString() == "warning";
            if (resource.GetProperty("health").GetString() == "Healthy" && resource.GetProperty("restarts").GetInt32() == 1)
            {
                sawCrash.ShouldBeTrue();
                resource.GetProperty("lastEnd").GetString()!.ShouldContain("SIGKILL");
                return;
            }
        }
        throw new InvalidOperationException("The stream ended.");
    }

    [Fact]
    public async Task A_subscriber_that_reads_nothing_holds_one_name_and_nobody_up()
    {
        using var folder = new TemporaryFolder();
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions());
        var resource = builder.AddProject<Projects.FakeService>("service").Resource;
        var notifications = new Aspire.Hosting.ApplicationModel.ResourceNotificationService();
        using var feed = new ResourceFeed(notifications);
        using var idle = feed.Subscribe();
        for (var i = 0; i < 100_000; i++)
        {
            await notifications.PublishUpdateAsync(resource, snapshot => snapshot with { Restarts = snapshot.Restarts + 1 });
        }
        (await idle.NextAsync(TestContext.Current.CancellationToken)).ShouldBe(["service"]);
        idle.NextAsync(TestContext.Current.CancellationToken).IsCompleted.ShouldBeFalse();
        var others = Enumerable.Range(1, ResourceFeed.SubscribersMax - 1).Select(_ => feed.Subscribe()).ToList();
        Should.Throw<TooManySubscribersException>(feed.Subscribe);
        others.ForEach(subscription => subscription.Dispose());
        feed.Subscribe().Dispose();
    }
}
