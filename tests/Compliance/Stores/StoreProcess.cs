using System.Diagnostics;
using System.Globalization;

namespace FlowPlatform.Tests.Compliance.Stores;

/// <summary>Another process that writes to the store (tests/Assets/StoreWriter). It is killed at the latest when it is disposed.</summary>
internal sealed class StoreProcess : IAsyncDisposable
{
    private readonly Process process;

    private StoreProcess(Process process) => this.process = process;

    /// <summary>Units that it said are committed.</summary>
    public List<long> Committed { get; } = [];

    public static StoreProcess Start(IReadOnlyDictionary<string, string> store, string writer, int units, int atOnce, bool keyed)
    {
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "StoreWriter.exe" : "StoreWriter"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in new[] { writer, units.ToString(CultureInfo.InvariantCulture), atOnce.ToString(CultureInfo.InvariantCulture), keyed ? "keyed" : "serial" })
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in store)
        {
            start.Environment[name] = value;
        }

        return new StoreProcess(Process.Start(start)!);
    }

    /// <summary>Kills it as soon as it has said so many, and reads what it said before.</summary>
    public async Task KillAfterAsync(int count, CancellationToken cancellationToken)
    {
        while (Committed.Count < count && await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
        {
            Committed.Add(long.Parse(line, CultureInfo.InvariantCulture));
        }

        Committed.Count.ShouldBe(count, process.HasExited ? await process.StandardError.ReadToEndAsync(cancellationToken) : "it said too little");
        process.Kill();
        await process.WaitForExitAsync(cancellationToken);
        var rest = await process.StandardOutput.ReadToEndAsync(cancellationToken);

        // What follows the last line break was cut by the kill.
        Committed.AddRange(rest.Split('\n').SkipLast(1).Select(line => long.Parse(line, CultureInfo.InvariantCulture)));
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
            process.Kill();
            await process.WaitForExitAsync(CancellationToken.None);
        }

        process.Dispose();
    }
}
