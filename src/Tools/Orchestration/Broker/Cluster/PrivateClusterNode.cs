using System.Globalization;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>One node of a private cluster. When it ends it is started again, on its ports and with its data, and takes over from the others what it missed. Safe for concurrent use.</summary>
public sealed class PrivateClusterNode
{
    private readonly Backoff backoff = new();
    private readonly Action<string>? tell;
    private PrivateBrokerOptions options;
    private volatile PrivateBroker? current;
    private volatile string? trouble;
    private volatile TaskCompletionSource? held;

    internal PrivateClusterNode(int number, PrivateBrokerOptions options, Action<string>? tell)
    {
        Number = number;
        this.options = options;
        this.tell = tell;
    }

    /// <summary>From 1.</summary>
    public int Number { get; }

    /// <summary>The AMQP port on 127.0.0.1; the same over restarts.</summary>
    public int AmqpPort => options.AmqpPort ?? 0;

    /// <summary>The stream protocol's port on 127.0.0.1; the same over restarts.</summary>
    public int StreamPort => options.StreamPort ?? 0;

    /// <summary>The pid of the Erlang VM; null while there is none.</summary>
    public int? ProcessId => current is { Exited.IsCompleted: false } broker ? broker.ProcessId : null;

    /// <summary>Why it doesn't serve; null if it does.</summary>
    public string? Trouble => trouble;

    /// <summary>Ends the node (SIGTERM, then SIGKILL) and leaves it so until <see cref="Resume"/>.</summary>
    public async Task HoldAsync()
    {
        held ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await EndAsync(options.StopLimit);
    }

    /// <summary>Lets a node that was held start again.</summary>
    public void Resume()
    {
        var gate = held;
        held = null;
        gate?.TrySetResult();
    }

    /// <summary>Kills the node at once, as a power cut would; it is started again.</summary>
    public void Kill() => current?.Kill();

    internal async Task StartAsync(CancellationToken cancellationToken)
    {
        var broker = await PrivateBroker.StartAsync(options, progress: null, cancellationToken);
        // From now on others know its ports.
        options = options with { AmqpPort = broker.AmqpPort, StreamPort = broker.StreamPort };
        current = broker;
        trouble = null;
    }

    internal async Task KeepRunningAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var started = TimeProvider.System.GetTimestamp();
            var exitCode = await current!.Exited.WaitAsync(cancellationToken);
            trouble = $"node {Number} ended ({ExitCodes.Describe(exitCode)})";
            await EndAsync(TimeSpan.Zero);
            var uptime = TimeProvider.System.GetElapsedTime(started);
            while (trouble is not null)
            {
                await LiftAsync(uptime, cancellationToken);
                uptime = TimeSpan.Zero;
            }
            tell?.Invoke($"node {Number} is back");
        }
    }

    internal Task EndAsync(TimeSpan grace) => current?.StopAsync(grace) ?? Task.CompletedTask;

    private async Task LiftAsync(TimeSpan uptime, CancellationToken cancellationToken)
    {
        var delay = backoff.Next(uptime);
        tell?.Invoke(string.Create(CultureInfo.InvariantCulture, $"{trouble}; start {backoff.Crashes + 1} in {delay.TotalSeconds:0.#} s"));
        await Task.Delay(delay, TimeProvider.System, cancellationToken);
        if (held is { } gate)
        {
            await gate.Task.WaitAsync(cancellationToken);
        }
        try
        {
            await StartAsync(cancellationToken);
        }
        catch (BrokerException e)
        {
            trouble = $"node {Number} doesn't start: {e.Message}";
        }
    }
}
