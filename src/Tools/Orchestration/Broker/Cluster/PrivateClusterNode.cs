using System.Globalization;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>One node of a private cluster. When it ends it is started again, on its ports and with its data, and takes over from the others what it missed. Safe for concurrent use.</summary>
public sealed class PrivateClusterNode
{
    private static readonly TimeSpan ProbeInterval = TimeSpan.FromSeconds(2);

    /// <summary>
    /// After so many unanswered questions in a row, each with its own limit (12 to 20 s together), a node is taken for one that stands still. Counted, not timed: if this process stood still
    /// itself, one question at most goes unanswered for it.
    /// </summary>
    private const int SilentMax = 4;

    /// <summary>The same for a node that lets nobody in: it may be starting its server again by itself, which takes seconds.</summary>
    private const int RefusedMax = 30;

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
            trouble = await EndedAsync(current!, cancellationToken);
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

    /// <summary>
    /// Waits for the node's end, and brings it about if it answers no more: one that went on after a long silence would find itself parted from the others, and what the broker does about that
    /// (see <see cref="ClusterMember"/>) doesn't always bring it back. One that is started again always joins them.
    /// </summary>
    /// <returns>Why it doesn't serve.</returns>
    private async Task<string> EndedAsync(PrivateBroker broker, CancellationToken cancellationToken)
    {
        await using var probe = new NodeProbe(broker.AmqpPort, options.User, broker.Password);
        string? silence = null;
        for (var unanswered = 0; !broker.Exited.IsCompleted;)
        {
            await Task.WhenAny(broker.Exited, Task.Delay(ProbeInterval, TimeProvider.System, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
            var answer = broker.Exited.IsCompleted ? NodeAnswer.Answered : await probe.AskAsync(cancellationToken);
            unanswered = answer == NodeAnswer.Answered ? 0 : unanswered + 1;
            trouble = unanswered > 1 ? $"node {Number} doesn't answer" : null;
            if (unanswered >= (answer == NodeAnswer.Silent ? SilentMax : RefusedMax) && held is null)
            {
                silence = $"node {Number} did not answer {unanswered} times in a row and was killed";
                broker.Kill();
                await broker.Exited.WaitAsync(cancellationToken);
            }
        }

        return silence ?? $"node {Number} ended ({ExitCodes.Describe(await broker.Exited)})";
    }

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
