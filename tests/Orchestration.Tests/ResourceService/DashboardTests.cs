using System.Net;
using System.Net.Sockets;
using Aspire.Hosting;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Supervision;
using FlowPlatform.Orchestration.Tests.Supervision;

namespace FlowPlatform.Orchestration.Tests.ResourceService;

public sealed class DashboardTests
{
    [Fact]
    public async Task Services_send_their_telemetry_to_the_dashboard_with_its_key()
    {
        await using var served = new ServedApplication();
        var service = served.Application.AddService("service");
        await served.StartAsync();
        await served.HealthyAsync("service");
        var told = await FakeApplication.VariablesAsync(service);
        told["OTEL_EXPORTER_OTLP_ENDPOINT"].ShouldBe(served.Told["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"]);
        told["OTEL_EXPORTER_OTLP_PROTOCOL"].ShouldBe("grpc");
        told["OTEL_EXPORTER_OTLP_HEADERS"].ShouldBe($"x-otlp-api-key={served.Told["DASHBOARD__OTLP__PRIMARYAPIKEY"]}");
        told["OTEL_METRIC_EXPORT_INTERVAL"].ShouldBe("1000");
        told.ShouldNotContainKey("FLOW_RESOURCE_KEY");
        served.Told.ShouldNotContainKey("OTEL_EXPORTER_OTLP_ENDPOINT");
        served.Told["FLOW_DATA"].ShouldBe(Path.Combine(served.Application.Data, "dashboard"));
        served.Told["FLOW_RUN"].ShouldMatch("^[0-9TZ]+-[0-9a-f]+$");
        served.Told["ASPNETCORE_URLS"].ShouldBe(served.Dashboard.GetEndpoint("http").Url);
    }

    [Fact]
    public void The_address_of_its_pages_is_kept_with_the_data_and_only_lent_while_somebody_else_listens_there()
    {
        using var folder = new TemporaryFolder();
        var ports = LoopbackPorts.Take(3);
        KeptPort.Choose(folder.Path, ports[0]).ShouldBe((ports[0], null));
        KeptPort.Choose(folder.Path, ports[1]).ShouldBe((ports[0], null));
        using (var other = new TcpListener(IPAddress.Loopback, ports[0]))
        {
            other.Start();
            KeptPort.Choose(folder.Path, ports[2]).ShouldBe((ports[2], ports[0]));
        }

        KeptPort.Choose(folder.Path, ports[1]).ShouldBe((ports[0], null));
    }

    [Fact]
    public async Task The_dashboard_listens_on_the_kept_port()
    {
        await using var served = new ServedApplication();
        var port = LoopbackPorts.Take(1)[0];
        Directory.CreateDirectory(served.Application.Data);
        KeptPort.Choose(served.Application.Data, port).ShouldBe((port, null));
        await served.StartAsync();
        served.Dashboard.GetEndpoint("http").Port.ShouldBe(port);
    }

    [Fact]
    public async Task A_collector_that_the_configuration_names_comes_before_the_dashboard()
    {
        await using var served = new ServedApplication();
        served.Application.Builder.Configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = "http://127.0.0.1:9";
        var service = served.Application.AddService("service");
        await served.StartAsync();
        await served.HealthyAsync("service");
        (await FakeApplication.VariablesAsync(service))["OTEL_EXPORTER_OTLP_ENDPOINT"].ShouldBe("http://127.0.0.1:9");
        served.Told["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"].ShouldNotBe("http://127.0.0.1:9");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(134)]
    public async Task Whatever_its_end_the_dashboard_starts_again_and_services_notice_nothing(int exitCode)
    {
        await using var served = new ServedApplication();
        served.Application.AddService("service");
        await served.StartAsync();
        await served.HealthyAsync("service");
        await FakeApplication.ExitAsync(served.Dashboard, exitCode);
        await Eventually.HoldsAsync("it was started a second time", () => served.Application.Starts("dashboard").Length == 2);
        await served.HealthyAsync("dashboard");
        (await FakeApplication.VariablesAsync(served.Dashboard))["FLOW_RUN"].ShouldBe(served.Told["FLOW_RUN"], "it goes on with the same run");
        served.Application.Starts("service").Count(pid => ProcessIdentity.Of(pid) is not null).ShouldBe(1);
        served.Application.Starts("service").Length.ShouldBe(1);
    }

    [Fact]
    public async Task Without_a_dashboard_nothing_listens_and_nothing_is_exported()
    {
        await using var application = new FakeApplication();
        var service = application.AddService("service");
        await application.StartAsync();
        await application.HealthyAsync("service");
        var told = await FakeApplication.VariablesAsync(service);
        told.ShouldNotContainKey("OTEL_EXPORTER_OTLP_ENDPOINT");
        told.ShouldNotContainKey("FLOW_RESOURCE_URL");
    }
}
