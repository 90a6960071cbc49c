using System.Globalization;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>Erlang's port mapper in the foreground, on loopback: nodes tell it where they listen, and ask it for each other.</summary>
internal sealed class PortMapper : IAsyncDisposable
{
    private static readonly TimeSpan ListenLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(10);

    private readonly ChildProcess process;
    private readonly ProcessJournal journal;

    private PortMapper(ChildProcess process, ProcessJournal journal)
    {
        this.process = process;
        this.journal = journal;
    }

    public Task<int> Exited => process.Exited;

    /// <summary>One that neither listens nor ends is not waited for: the node, which needs it, says what it lacks.</summary>
    public static async Task<PortMapper> StartAsync(
        BrokerInstallation installation, int port, string folder, IReadOnlyDictionary<string, string?> environment, ProcessJournal journal, Action<OutputLine> onLine,
        CancellationToken cancellationToken)
    {
        var process = await ChildProcess.StartAsync(new ChildProcessStart(installation.Epmd, ["-port", port.ToString(CultureInfo.InvariantCulture), "-address", "127.0.0.1"])
        {
            WorkingDirectory = folder,
            Environment = environment,
            OnLine = onLine,
        });
        if (process.Identity is { } identity)
        {
            journal.Add("epmd", identity);
        }
        var mapper = new PortMapper(process, journal);
        try
        {
            var started = TimeProvider.System.GetTimestamp();
            while (!process.Exited.IsCompleted && LoopbackPorts.IsFree(port) && TimeProvider.System.GetElapsedTime(started) < ListenLimit)
            {
                await Task.WhenAny(process.Exited, Task.Delay(Interval, TimeProvider.System, cancellationToken));
                cancellationToken.ThrowIfCancellationRequested();
            }
            return mapper;
        }
        catch
        {
            await mapper.DisposeAsync();
            throw;
        }
    }

    public void Kill() => process.Kill();

    public async ValueTask DisposeAsync()
    {
        await process.DisposeAsync();
        journal.Remove(process.ProcessId);
    }
}
