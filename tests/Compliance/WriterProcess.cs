using System.Diagnostics;
using System.Globalization;

namespace FlowPlatform.Tests.Compliance;

/// <summary>Another process that writes to the log (tests/Assets/LogWriter). It is killed at the latest when it is disposed.</summary>
internal sealed class WriterProcess : IAsyncDisposable
{
    private readonly Process process;

    private WriterProcess(Process process) => this.process = process;

    public static WriterProcess Start(IReadOnlyDictionary<string, string> log, string stream, string producer, int events, int batch)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "LogWriter.exe" : "LogWriter"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in new[] { stream, producer, events.ToString(CultureInfo.InvariantCulture), batch.ToString(CultureInfo.InvariantCulture) })
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in log)
        {
            start.Environment[name] = value;
        }

        return new WriterProcess(Process.Start(start)!);
    }

    /// <summary>Waits until it says that so many are confirmed.</summary>
    public async Task ConfirmedAsync(long count, CancellationToken cancellationToken)
    {
        while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            if (long.Parse(line, CultureInfo.InvariantCulture) >= count)
            {
                return;
            }
        }

        throw new InvalidOperationException($"The process ended before it had confirmed {count}: {await process.StandardError.ReadToEndAsync(cancellationToken)}");
    }

    public async Task KillAsync(CancellationToken cancellationToken)
    {
        process.Kill();
        await process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Waits until it ends by itself, well.</summary>
    public async Task EndedAsync(CancellationToken cancellationToken)
    {
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.StandardOutput.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        process.ExitCode.ShouldBe(0, await errors);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            await KillAsync(CancellationToken.None);
        }

        process.Dispose();
    }
}
