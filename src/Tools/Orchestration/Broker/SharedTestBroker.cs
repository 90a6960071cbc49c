using System.Text.Json;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>
/// One broker for all test processes that run at the same time in this clone. The first to come starts it, later ones join; each holds a lease
/// (a locked file, which the system releases however its holder ends). The process that started the broker is its parent and leaves last:
/// its dispose waits until no other lease is held. Hold it in an assembly fixture, so that it lives as long as the test process.
/// <para>FLOW_TEST_RABBITMQ (AMQP URI) and FLOW_TEST_RABBITMQ_STREAM (stream URI; default: the same host and user, port 5552) name a broker to use instead.</para>
/// </summary>
public sealed class SharedTestBroker : IAsyncDisposable
{
    private static readonly TimeSpan OthersLimit = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly string folder;
    private readonly ServerLeases leases;
    private FileLock? lease;
    private Owned? owned;

    private SharedTestBroker(string folder, string amqpUri, string streamUri)
    {
        this.folder = folder;
        leases = new ServerLeases(folder);
        AmqpUri = amqpUri;
        StreamUri = streamUri;
    }

    /// <summary><c>amqp://user:password@host:port</c>.</summary>
    public string AmqpUri { get; }

    /// <summary><c>rabbitmq-stream://user:password@host:port</c>.</summary>
    public string StreamUri { get; }

    /// <summary>Whether this lease's process is the broker's parent.</summary>
    internal bool IsOwner => owned is not null;

    /// <summary>Joins the running broker or starts one.</summary>
    /// <exception cref="BrokerException">No broker could be had or started, or another process took longer than 15 minutes to start one.</exception>
    public static Task<SharedTestBroker> AcquireAsync(CancellationToken cancellationToken)
    {
        if (Environment.GetEnvironmentVariable("FLOW_TEST_RABBITMQ") is { Length: > 0 } amqp)
        {
            var stream = Environment.GetEnvironmentVariable("FLOW_TEST_RABBITMQ_STREAM");
            return Task.FromResult(new SharedTestBroker("", amqp, stream is { Length: > 0 } ? stream : DefaultStreamUri(amqp)));
        }
        return AcquireAsync(ServerLeases.DefaultFolder(), cancellationToken);
    }

    internal static async Task<SharedTestBroker> AcquireAsync(string folder, CancellationToken cancellationToken)
    {
        PrivateFile.CreateFolder(folder);
        if (!PrivateFile.IsPrivate(folder))
        {
            throw new BrokerException($"Others may write to {folder}, where tests keep their broker's address. Delete it.");
        }
        var leases = new ServerLeases(folder);
        using var held = await LockAsync(leases, cancellationToken);
        if (ReadState(folder) is { IsLive: true } live)
        {
            return new SharedTestBroker(folder, live.AmqpUri, live.StreamUri) { lease = TakeLease(leases) };
        }
        foreach (var orphan in Directory.GetDirectories(folder, "data-*"))
        {
            ServerLeases.RemoveData(orphan);
        }
        var data = Path.Combine(folder, $"data-{Guid.NewGuid():N}");
        var broker = await PrivateBroker.StartAsync(
            new PrivateBrokerOptions { DataDirectory = data }, new SynchronousProgress(Console.Error.WriteLine), cancellationToken);
        var node = ProcessIdentity.Of(broker.ProcessId) ?? throw new BrokerException("The broker ended right after its start.");
        var state = new State(ProcessIdentity.Current, node, broker.AmqpUri, broker.StreamUri);
        PrivateFile.Write(StateFile(folder), JsonSerializer.Serialize(state));
        return new SharedTestBroker(folder, broker.AmqpUri, broker.StreamUri) { lease = TakeLease(leases), owned = new Owned(broker, node, data) };
    }

    /// <summary>Gives the lease back. In the process that started the broker: waits (at most 30 minutes) for the others, then stops it.</summary>
    public async ValueTask DisposeAsync()
    {
        Interlocked.Exchange(ref lease, null)?.Dispose();
        if (Interlocked.Exchange(ref owned, null) is { } mine)
        {
            await StopWhenUnusedAsync(mine);
        }
    }

    private async Task StopWhenUnusedAsync(Owned mine)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        while (true)
        {
            // Under the lock nobody joins between the look and the stop.
            using (await LockAsync(leases, CancellationToken.None))
            {
                if (!leases.Any() || mine.Broker.Exited.IsCompleted || time.GetElapsedTime(started) > OthersLimit)
                {
                    if (ReadState(folder)?.Node == mine.Node)
                    {
                        File.Delete(StateFile(folder)); // not that of a successor who found ours dead
                    }
                    await mine.Broker.DisposeAsync();
                    ServerLeases.RemoveData(mine.Data);
                    return;
                }
            }
            await Task.Delay(PollInterval, time);
        }
    }

    private static State? ReadState(string folder) =>
        File.Exists(StateFile(folder)) ? JsonSerializer.Deserialize<State>(File.ReadAllText(StateFile(folder))) : null;

    private static FileLock TakeLease(ServerLeases leases)
    {
        try
        {
            return leases.Take();
        }
        catch (IOException e)
        {
            throw new BrokerException(e.Message, e);
        }
    }

    private static async Task<FileLock> LockAsync(ServerLeases leases, CancellationToken cancellationToken)
    {
        try
        {
            return await leases.LockAsync(cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new BrokerException(e.Message, e);
        }
    }

    private static string DefaultStreamUri(string amqp)
    {
        var uri = new Uri(amqp);
        return $"rabbitmq-stream://{uri.UserInfo}@{uri.Host}:5552";
    }

    private static string StateFile(string folder) => Path.Combine(folder, "broker.json");

    /// <summary>Written when the node is ready: a live node of a live owner can be joined.</summary>
    private sealed record State(ProcessIdentity Owner, ProcessIdentity Node, string AmqpUri, string StreamUri)
    {
        public bool IsLive => Owner.IsAlive && Node.IsAlive;
    }

    private sealed record Owned(PrivateBroker Broker, ProcessIdentity Node, string Data);

    /// <summary><see cref="Progress{T}"/> posts to the pool, where lines overtake each other.</summary>
    private sealed class SynchronousProgress(Action<string> report) : IProgress<string>
    {
        public void Report(string value) => report(value);
    }
}
