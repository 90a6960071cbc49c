using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using ServiceDefaults.Containers;
using Services.Tests.Defaults;

namespace Services.Tests.Containers;

public sealed class SelfProbeTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_services_program_finds_a_healthy_service_healthy()
    {
        await using var service = await TestService.StartAsync(static _ => { });
        var (code, errors) = await RunProgramAsync("Orders.dll", service.Address, "healthcheck");
        (code, errors).ShouldBe((0, ""));
    }

    [Fact]
    public async Task It_tells_why_a_service_is_not_healthy_and_that_it_is_alive()
    {
        await using var service = await TestService.StartAsync(static _ => { }, configure: static builder =>
            builder.Services.AddHealthChecks().AddCheck("flow", static () => HealthCheckResult.Unhealthy("the broker can't be reached")));
        var (code, errors) = await RunProgramAsync("Simulator.dll", service.Address, "healthcheck");
        code.ShouldBe(1);
        errors.ShouldContain("answered 503");
        errors.ShouldContain("the broker can't be reached");
        (await RunProgramAsync("Simulator.dll", service.Address, "healthcheck", "/alive")).ShouldBe((0, ""));
    }

    [Fact]
    public async Task Where_nobody_listens_is_no_health()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var (code, errors) = await ProbeAsync(["healthcheck"], ("URLS", $"http://127.0.0.1:{port}"));
        code.ShouldBe(1);
        errors.ShouldContain("doesn't answer");
    }

    [Fact]
    public async Task A_service_that_accepts_and_says_nothing_is_given_up_on()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var (code, errors) = await ProbeAsync(["healthcheck"], ("URLS", $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}"));
        code.ShouldBe(1);
        errors.ShouldContain("doesn't answer within");
    }

    [Theory]
    [InlineData("http://*:{0}")]
    [InlineData("http://+:{0}")]
    [InlineData("http://0.0.0.0:{0}")]
    [InlineData("http://[::]:{0}")]
    [InlineData("https://*:1;http://*:{0}")]
    public async Task A_service_on_all_interfaces_is_asked_on_loopback(string urls)
    {
        await using var service = await TestService.StartAsync(static _ => { });
        (await ProbeAsync(["healthcheck"], ("URLS", string.Format(System.Globalization.CultureInfo.InvariantCulture, urls, service.Address.Port)))).ShouldBe((0, ""));
    }

    [Fact]
    public async Task The_port_that_an_image_sets_is_asked()
    {
        await using var service = await TestService.StartAsync(static _ => { });
        (await ProbeAsync(["healthcheck"], ("HTTP_PORTS", $"{service.Address.Port}"))).ShouldBe((0, ""));
    }

    [Theory]
    [InlineData("https://*:8443", "healthcheck")]
    [InlineData("http://*:8080", "healthcheck", "health")]
    [InlineData("http://*:8080", "healthcheck", "/health", "now")]
    public async Task What_can_not_be_followed_is_said(string urls, params string[] args)
    {
        var (code, errors) = await ProbeAsync(args, ("URLS", urls));
        code.ShouldBe(2);
        errors.ShouldNotBeEmpty();
    }

    private static async Task<(int Code, string Errors)> ProbeAsync(string[] args, params (string Name, string Value)[] settings)
    {
        SelfProbe.IsAskedFor(args).ShouldBeTrue();
        using var errors = new StringWriter();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings.ToDictionary(setting => setting.Name, setting => (string?)setting.Value)).Build();
        var code = await SelfProbe.RunAsync(args, configuration, errors, TimeSpan.FromSeconds(1));
        return (code, errors.ToString());
    }

    private static async Task<(int Code, string Errors)> RunProgramAsync(string program, Uri address, params string[] args)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet", [Path.Combine(AppContext.BaseDirectory, program), .. args])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["ASPNETCORE_URLS"] = address.ToString();
        using var process = System.Diagnostics.Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        var errors = await process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, errors);
    }
}
