using System.Globalization;
using Aspire.Hosting;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.Orchestration.Tests.Supervision;

/// <summary>Something of the caller's that stands in front of an endpoint, such as a proxy that makes faults.</summary>
public sealed class DetourTests
{
    [Fact]
    public async Task Others_are_told_the_detour_and_the_process_listens_behind_it()
    {
        const int Detour = 19_999;
        await using var application = new FakeApplication();
        application.Builder.Configuration["Flow:Detours:behind:http"] = Detour.ToString(CultureInfo.InvariantCulture);
        var behind = application.AddService("behind");
        var other = application.AddService("other").WithReference(behind).WaitFor(behind);
        await application.StartAsync();
        await application.HealthyAsync("other");

        behind.GetEndpoint("http").Port.ShouldBe(Detour);
        (await FakeApplication.VariablesAsync(other))["services__behind__http__0"].ShouldBe($"http://127.0.0.1:{Detour}");
        var endpoints = EndpointFile.Read(application.Data).ShouldNotBeNull();
        endpoints["behind"]["http"].ShouldNotBe(Detour);
        endpoints["other"]["http"].ShouldBe(other.GetEndpoint("http").Port);
    }

    [Fact]
    public async Task A_detour_to_nowhere_is_an_error()
    {
        await using var application = new FakeApplication();
        application.Builder.Configuration["Flow:Detours:service:grpc"] = "19999";
        application.AddService("service");
        (await Should.ThrowAsync<DistributedApplicationException>(application.StartAsync)).Message.ShouldContain("'grpc' of 'service'");
    }

    [Theory]
    [InlineData("0")]
    [InlineData("70000")]
    [InlineData("here")]
    public async Task What_is_no_port_is_an_error(string port)
    {
        await using var application = new FakeApplication();
        application.Builder.Configuration["Flow:Detours:service:http"] = port;
        application.AddService("service");
        (await Should.ThrowAsync<ArgumentException>(application.StartAsync)).Message.ShouldContain($"Flow:Detours:service:http is '{port}'");
    }
}
