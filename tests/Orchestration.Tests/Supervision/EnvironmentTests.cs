using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.Orchestration.Tests.Supervision;

public sealed class EnvironmentTests
{
    [Fact]
    public async Task A_service_gets_Aspires_environment()
    {
        await using var application = new FakeApplication();
        application.Builder.Configuration["ConnectionStrings:legacy_store"] = "Host=a";
        application.Builder.Configuration["Parameters:region"] = "eu";
        var region = application.Builder.AddParameter("region", "unset");
        var legacy = application.Builder.AddConnectionString("legacy-store");
        var other = application.AddService("other-service").WithEndpoint(scheme: "tcp", name: "raw");
        var composed = application.Builder.AddConnectionString("composed", ReferenceExpression.Create($"at {other.GetEndpoint("raw").Property(EndpointProperty.HostAndPort)} in {region}"));
        var service = application.AddService("service")
            .WithEndpoint(scheme: "tcp", name: "extra", env: "EXTRA_PORT")
            .WithReference(other).WithReference(legacy).WithReference(composed, connectionName: "renamed")
            .WithEnvironment("REGION", region)
            .WithEnvironment("PLAIN", "text")
            .WithEnvironment("OTHER_URL", other.GetEndpoint("http"))
            .WithEnvironment("MIXED", $"{region} at {other.GetEndpoint("http")}")
            .WithEnvironment(context => context.EnvironmentVariables["RUN"] = context.ExecutionContext.IsRunMode ? "run" : "publish");
        await application.StartAsync();
        await application.HealthyAsync("service");
        var url = other.GetEndpoint("http").Url;
        var raw = other.GetEndpoint("raw");

        var variables = await FakeApplication.VariablesAsync(service);
        variables["ASPNETCORE_URLS"].ShouldBe(service.GetEndpoint("http").Url);
        variables["OTEL_SERVICE_NAME"].ShouldBe("service");
        variables["OTEL_RESOURCE_ATTRIBUTES"].ShouldMatch("^service\\.instance\\.id=[a-z]{8}$");
        variables["services__other-service__http__0"].ShouldBe(url);
        variables["OTHER_SERVICE_HTTP"].ShouldBe(url);
        variables["services__other-service__raw__0"].ShouldBe(raw.Url);
        variables["ConnectionStrings__legacy-store"].ShouldBe("Host=a");
        variables["ConnectionStrings__renamed"].ShouldBe($"at {raw.Host}:{raw.Port} in eu");
        variables["REGION"].ShouldBe("eu");
        variables["PLAIN"].ShouldBe("text");
        variables["OTHER_URL"].ShouldBe(url);
        variables["MIXED"].ShouldBe($"eu at {url}");
        variables["RUN"].ShouldBe("run");
        variables["EXTRA_PORT"].ShouldBe(service.GetEndpoint("extra").Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        variables.ContainsKey("DOTNET_LAUNCH_PROFILE").ShouldBeFalse();
    }

    [Fact]
    public async Task A_generated_secret_stays_with_the_data_and_is_masked_in_what_services_print()
    {
        await using var application = new FakeApplication();
        var key = application.Builder.AddParameter("key", new GenerateParameterDefault { MinLength = 24, Special = false }, secret: true, persist: true);
        var service = application.AddService("service", "--print-variable=KEY").WithEnvironment("KEY", key);
        await application.StartAsync();
        await application.HealthyAsync("service");
        var value = (await key.Resource.GetValueAsync(TestContext.Current.CancellationToken))!;
        (await FakeApplication.VariablesAsync(service))["KEY"].ShouldBe(value);
        await application.StopAsync();

        var log = await File.ReadAllTextAsync(Path.Combine(application.Data, "logs", "service.log"), TestContext.Current.CancellationToken);
        log.ShouldContain("KEY is ***");
        log.ShouldNotContain(value);
        var secrets = Path.Combine(application.Data, "secrets.json");
        (await File.ReadAllTextAsync(secrets, TestContext.Current.CancellationToken)).ShouldContain(value);
        FlowPlatform.Orchestration.Processes.PrivateFile.IsPrivate(secrets).ShouldBeTrue();
        new FlowPlatform.Orchestration.Supervision.SecretStore(application.Data).GetOrAdd("key", () => "another").ShouldBe(value);
    }

    [Fact]
    public void The_password_of_a_connection_string_is_masked()
    {
        var mask = new FlowPlatform.Orchestration.Supervision.SecretMask();
        mask.AddConnectionString("amqp://flow:a%2Fsecret@host:5672");
        mask.Apply("a%2Fsecret or a/secret").ShouldBe("*** or ***");
    }

    [Fact]
    public void A_connection_string_that_is_not_configured_is_named()
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions());
        Should.Throw<DistributedApplicationException>(() => builder.AddConnectionString("store")).Message.ShouldContain("ConnectionStrings__store");
    }

    [Theory]
    [InlineData("")]
    [InlineData("9lives")]
    [InlineData("with blank")]
    [InlineData("ends-")]
    [InlineData("two--hyphens")]
    public void A_resource_needs_a_proper_name(string name) =>
        Should.Throw<ArgumentException>(() => DistributedApplication.CreateBuilder(new DistributedApplicationOptions()).AddProject<Projects.FakeService>(name));

    [Fact]
    public void Two_resources_can_not_share_a_name()
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions());
        builder.AddProject<Projects.FakeService>("service");
        Should.Throw<DistributedApplicationException>(() => builder.AddProject<Projects.FakeService>("Service")).Message.ShouldContain("Service");
    }
}
