using System.Diagnostics;

namespace FlowPlatform.Tests.Runtime.Parking;

/// <summary>A service as a process of its own (tests/Assets/TollService), on the embedded log. It is killed at the latest when it is disposed.</summary>
internal sealed class TollProcess : IAsyncDisposable
{
    public const string Key = "the-operators-key";
    private readonly Process process;

    private TollProcess(Process process, string address)
    {
        this.process = process;
        Client = new HttpClient { BaseAddress = new Uri(address) };
        Client.DefaultRequestHeaders.Add("X-Flow-Key", Key);
    }

    public HttpClient Client { get; }

    public static async Task<TollProcess> StartAsync(string directory, string poisonFile, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "TollService.exe" : "TollService"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in new[]
                 {
                     "--urls=http://127.0.0.1:0", "--environment=Production", $"--FLOW_DATA={Path.Combine(directory, "store")}", $"--ConnectionStrings:embedded-log={Path.Combine(directory, "log")}",
                     $"--POISON_FILE={poisonFile}", $"--FLOW_ADMIN_KEY={Key}", "--FLOW_ADMIN_RATE=1000",
                 })
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.StartsWith("Serving ", StringComparison.Ordinal))
            {
                _ = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
                return new TollProcess(process, line["Serving ".Length..]);
            }
        }

        throw new InvalidOperationException($"The service ended before it served: {await errors}");
    }

    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        if (!process.HasExited)
        {
            await KillAsync();
        }

        process.Dispose();
    }
}
