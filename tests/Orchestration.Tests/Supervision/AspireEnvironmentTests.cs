using System.Text.RegularExpressions;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Supervision;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.Orchestration.Tests.Supervision;

/// <summary>The whole environment that a started service gets beyond the AppHost's own, by Aspire's conventions.</summary>
public sealed partial class AspireEnvironmentTests
{
    [Fact]
    public async Task The_environment_of_a_service_is_this()
    {
        await using var application = new FakeApplication();
        application.Builder.Configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = "http://localhost:18889";
        application.Builder.Configuration["AppHost:OtlpApiKey"] = "otlp-key-0123";
        application.Builder.Configuration["ConnectionStrings:ledger"] = "Host=db;Password=hunter22";
        application.Builder.Configuration["ConnectionStrings:ledger-of-old"] = "old";
        application.Builder.Configuration["Parameters:broker-password"] = "swordfish";
        var user = application.Builder.AddParameter("broker-user", "flow");
        var password = application.Builder.AddParameter("broker-password", new GenerateParameterDefault(), secret: true);
        var rabbitmq = application.Builder.AddRabbitMQ("rabbitmq", user, password).WithEndpoint(targetPort: 5552, scheme: "rabbitmq-stream", name: "stream", isProxied: false);
        var other = application.AddService("order-book").WithHttpEndpoint(name: "admin");
        var service = application.AddService("service")
            .WithReference(rabbitmq).WithReference(other)
            .WithReference(application.Builder.AddConnectionString("ledger"))
            .WithReference(application.Builder.AddConnectionString("derived", ReferenceExpression.Create($"at {rabbitmq.GetEndpoint("stream").Property(EndpointProperty.HostAndPort)}")))
            .WithReference(application.Builder.AddConnectionString("ledger-of-old", "LEDGER"), optional: true)
            .WithEnvironment("PASSWORD_COPY", password)
            .WithHttpEndpoint(name: "second", env: "SECOND_PORT");
        await application.StartAsync();
        await application.HealthyAsync("service");

        var own = Environment.GetEnvironmentVariables().Keys.Cast<string>().ToHashSet(StringComparer.Ordinal);
        var variables = (await FakeApplication.VariablesAsync(service)).Where(variable => !own.Contains(variable.Key) || variable.Key.StartsWith("OTEL_", StringComparison.Ordinal));
        string.Join('\n', variables.OrderBy(variable => variable.Key, StringComparer.Ordinal).Select(variable => $"{variable.Key}={Stable(variable.Value)}")).ShouldBe("""
            ASPNETCORE_URLS=http://127.0.0.1:#;http://127.0.0.1:#
            ConnectionStrings__derived=at 127.0.0.1:#
            ConnectionStrings__ledger=Host=db;Password=hunter22
            ConnectionStrings__rabbitmq=amqp://flow:***@127.0.0.1:#
            LEDGER=old
            LOGGING__CONSOLE__FORMATTERNAME=simple
            ORDER_BOOK_ADMIN=http://127.0.0.1:#
            ORDER_BOOK_HTTP=http://127.0.0.1:#
            OTEL_BLRP_SCHEDULE_DELAY=1000
            OTEL_BSP_SCHEDULE_DELAY=1000
            OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY=in_memory
            OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:18889
            OTEL_EXPORTER_OTLP_HEADERS=x-otlp-api-key=***
            OTEL_EXPORTER_OTLP_PROTOCOL=grpc
            OTEL_METRICS_EXEMPLAR_FILTER=trace_based
            OTEL_METRIC_EXPORT_INTERVAL=1000
            OTEL_RESOURCE_ATTRIBUTES=service.instance.id=<8 letters>
            OTEL_SERVICE_NAME=service
            OTEL_TRACES_SAMPLER=always_on
            PASSWORD_COPY=***
            RABBITMQ_HOST=127.0.0.1
            RABBITMQ_PASSWORD=***
            RABBITMQ_PORT=#
            RABBITMQ_URI=amqp://flow:***@127.0.0.1:#
            RABBITMQ_USERNAME=flow
            SECOND_PORT=#
            services__order-book__admin__0=http://127.0.0.1:#
            services__order-book__http__0=http://127.0.0.1:#
            """, StringCompareShould.IgnoreLineEndings);
    }

    [Theory]
    [InlineData("ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL", "grpc")]
    [InlineData("DOTNET_DASHBOARD_OTLP_ENDPOINT_URL", "grpc")]
    [InlineData("ASPIRE_DASHBOARD_OTLP_HTTP_ENDPOINT_URL", "http/protobuf")]
    [InlineData("DOTNET_DASHBOARD_OTLP_HTTP_ENDPOINT_URL", "http/protobuf")]
    public void The_dashboards_endpoint_is_the_exporters(string setting, string protocol)
    {
        var variables = Variables(isDevelopment: false, (setting, "http://localhost:1"));
        variables["OTEL_EXPORTER_OTLP_ENDPOINT"].ShouldBe("http://localhost:1");
        variables["OTEL_EXPORTER_OTLP_PROTOCOL"].ShouldBe(protocol);
        variables.ShouldNotContainKey("OTEL_EXPORTER_OTLP_HEADERS");
        variables["OTEL_BSP_SCHEDULE_DELAY"].ShouldBe("1000");
    }

    [Fact]
    public void Without_a_collector_and_outside_development_nothing_costs_anything() =>
        Variables(isDevelopment: false).Keys.ShouldBe(["OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY"], ignoreOrder: true);

    [Fact]
    public void Development_shows_everything()
    {
        var variables = Variables(isDevelopment: true);
        variables["OTEL_TRACES_SAMPLER"].ShouldBe("always_on");
        variables["OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"].ShouldBe("true");
        variables.ShouldNotContainKey("OTEL_EXPORTER_OTLP_ENDPOINT");
    }

    [Fact]
    public void Health_checks_have_Aspires_keys()
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions());
        var service = builder.AddProject<Projects.FakeService>("orders").WithHttpEndpoint().WithHttpHealthCheck("/health").WithHttpHealthCheck(statusCode: 204);
        service.Resource.Annotations.OfType<HttpHealthCheckAnnotation>().Select(check => check.Key).ShouldBe(["orders_http_/health_200_check", "orders_http_/_204_check"]);
    }

    [Fact]
    public async Task A_service_is_healthy_when_all_of_its_checks_are()
    {
        await using var application = new FakeApplication();
        application.AddService("service").WithHttpHealthCheck("/variables").WithHttpHealthCheck("/nowhere");
        application.AddService("sound").WithHttpHealthCheck("/variables").WithHttpHealthCheck("/nowhere", statusCode: 404);
        await application.StartAsync();
        await application.HealthyAsync("sound");
        var unhealthy = await application.WaitAsync("service", change => change.Snapshot.Reason == "/nowhere answers 404");
        unhealthy.Snapshot.HealthStatus.ShouldBe(HealthStatus.Unhealthy);
    }

    private static Dictionary<string, string> Variables(bool isDevelopment, params (string Name, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create(setting.Name, (string?)setting.Value))).Build();
        return TelemetrySettings.From(configuration, isDevelopment).Variables("orders", "abcdefgh").ToDictionary(variable => variable.Name, variable => variable.Value);
    }

    /// <summary>Without ports, instance ids and secrets.</summary>
    private static string Stable(string value) => Letters().Replace(Port().Replace(
        value.Replace("swordfish", "***", StringComparison.Ordinal).Replace("otlp-key-0123", "***", StringComparison.Ordinal), "#"), "id=<8 letters>");

    [GeneratedRegex(@"(?<=127\.0\.0\.1:)\d+|^[23]\d{4}$")]
    private static partial Regex Port();

    [GeneratedRegex("id=[a-z]{8}$")]
    private static partial Regex Letters();
}
