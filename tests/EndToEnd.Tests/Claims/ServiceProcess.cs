using System.Net.Http.Json;
using System.Text.Json;
using FlowPlatform.Events;
using FlowPlatform.Orchestration;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.EndToEnd.Tests.Claims;

/// <summary>One of the sample services in a process of its own, on a broker and a place of its own, without an AppHost.</summary>
internal sealed class ServiceProcess : IAsyncDisposable
{
    private readonly OutputBuffer output;
    private readonly ChildProcess process;
    private readonly HttpClient http;

    private ServiceProcess(OutputBuffer output, ChildProcess process, Uri address)
    {
        this.output = output;
        this.process = process;
        http = new HttpClient { BaseAddress = address };
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<ServiceProcess> StartAsync<TProject>(PrivateBroker broker, ServicePlace place)
        where TProject : IBuiltProjectMetadata, new()
    {
        var address = new Uri($"http://127.0.0.1:{LoopbackPorts.Take(1)[0]}");
        var variables = new Dictionary<string, string?>
        {
            ["ASPNETCORE_URLS"] = address.ToString(),
            ["ConnectionStrings__rabbitmq"] = broker.AmqpUri,
            ["ConnectionStrings__rabbitmq-stream"] = broker.StreamUri,
        };
        foreach (var (name, value) in place.Settings)
        {
            variables[name.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var output = new OutputBuffer(1_000);
        var process = await ChildProcess.StartAsync(new ChildProcessStart(DotnetHost.Path, [new TProject().TargetPath])
        {
            WorkingDirectory = place.Directory, Environment = variables, OnLine = output.Add,
        });
        var service = new ServiceProcess(output, process, address);
        await Eventually.ThatAsync($"{place.Name} answers", service.IsReadyAsync, TimeSpan.FromMinutes(1));
        return service;
    }

    public async Task<JsonElement> GetAsync(string path) => await http.GetFromJsonAsync<JsonElement>(path, Token);

    public async Task PostAsync(string path, object body)
    {
        using var answer = await http.PostAsJsonAsync(path, body, FlowJson.Options, Token);
        answer.EnsureSuccessStatusCode();
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.Exited;
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        await process.DisposeAsync();
        TestContext.Current.TestOutputHelper?.WriteLine(output.Tail(40));
    }

    private async Task<bool> IsReadyAsync()
    {
        if (process.Exited.IsCompleted)
        {
            throw new InvalidOperationException($"The service has ended with {await process.Exited}: {output.Tail(20)}");
        }

        try
        {
            using var answer = await http.GetAsync(new Uri("/alive", UriKind.Relative), Token);
            return answer.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // not yet
        }
    }
}
