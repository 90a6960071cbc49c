using Dapper;
using FlowPlatform.Storage.Sql;
using FlowPlatform.Stores;
using Npgsql;

namespace FlowPlatform.Storage.Postgres;

/// <summary>
/// Tells replicas of a service of each other's commits, so that whichever relays publishes at once: NOTIFY after a commit, and a connection of its own that listens. Not within the commit:
/// there NOTIFY makes all databases of the server commit one after the other. A message that gets lost costs a second: so often the heads are looked at.
/// </summary>
internal sealed class PostgresSignals : IAsyncDisposable
{
    private const string Channel = "flow_outbox";
    private const string State = $"SELECT coalesce(sum(assigned), 0)::bigint AS Assigned, ({SqlOutbox.CountUnconfirmed})::bigint AS Unconfirmed, (SELECT assigned FROM flow_command_head) AS Commands FROM flow_outbox_head";

    /// <summary>How often the heads are looked at, in case a message was lost; also how old the count of other replicas' rows may be.</summary>
    public static readonly TimeSpan PollEvery = TimeSpan.FromSeconds(1);

    /// <summary>The connection that listens has no limit of its own for a statement.</summary>
    private const int ListenSeconds = 10;
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(1);

    /// <summary>Between two messages of a process: a hundred a second wake a relay often enough.</summary>
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(10);
    private readonly PostgresSources sources;
    private readonly PostgresOutbox outbox;
    private readonly Pulse leases;
    private readonly TimeProvider clock;
    private readonly string self = Guid.NewGuid().ToString("N")[..12];
    private readonly Pulse announced = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly TaskCompletionSource listening = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task running;
    private int what;

    public PostgresSignals(PostgresSources sources, PostgresOutbox outbox, Pulse leases, TimeProvider clock)
    {
        this.sources = sources;
        this.outbox = outbox;
        this.leases = leases;
        this.clock = clock;
        running = Task.WhenAll(Task.Run(ListenAsync), Task.Run(TellAsync), Task.Run(PollAsync));
    }

    /// <summary>Completes when it listens for the first time.</summary>
    public Task Listening => listening.Task;

    /// <summary>Other replicas shall look.</summary>
    public void Announce(bool events, bool commands)
    {
        Interlocked.Or(ref what, (events ? 1 : 0) | (commands ? 2 : 0));
        announced.Signal();
    }

    /// <summary>Other replicas shall look at the leases.</summary>
    public void AnnounceLeases()
    {
        Interlocked.Or(ref what, 4);
        announced.Signal();
    }

    public async ValueTask DisposeAsync()
    {
        await stopping.CancelAsync();
        try
        {
            await running.WaitAsync(EndLimit);
            stopping.Dispose();
        }
        catch (TimeoutException)
        {
            // The server doesn't answer: its connections end with the process.
            return;
        }
    }

    private Task TellAsync() => UntilStoppedAsync(async cancellationToken =>
    {
        while (true)
        {
            var seen = announced.Version;
            if (Interlocked.Exchange(ref what, 0) is var news and not 0)
            {
                await using var connection = await sources.OpenWriterAsync(cancellationToken);
                await connection.ExecuteAsync(new CommandDefinition($"SELECT pg_notify('{Channel}', @payload)", new { payload = $"{self}:{news}" }, cancellationToken: cancellationToken));
                await Task.Delay(Gap, clock, cancellationToken);
            }

            await announced.WaitAsync(seen, cancellationToken);
        }
    });

    private Task ListenAsync() => UntilStoppedAsync(async cancellationToken =>
    {
        await using var connection = await sources.OpenOwnAsync(cancellationToken);
        connection.Inner.Notification += (_, told) => Hear(told.Payload);
        await connection.ExecuteAsync(new CommandDefinition($"LISTEN {Channel}", commandTimeout: ListenSeconds, cancellationToken: cancellationToken));

        // What was said while nobody listened is lost.
        outbox.Distrust();
        outbox.Wake(events: true, commands: true);
        leases.Signal();
        listening.TrySetResult();
        while (true)
        {
            try
            {
                await connection.Inner.WaitAsync(cancellationToken);
            }
            catch (NpgsqlException cut)
            {
                throw PostgresFaults.Translate(cut, broken: true);
            }
        }
    });

    private void Hear(string payload)
    {
        if (payload.Split(':') is [var from, var news] && from != self && int.TryParse(news, out var bits))
        {
            if ((bits & 3) != 0)
            {
                outbox.Distrust();
                outbox.Wake((bits & 1) != 0, (bits & 2) != 0);
            }

            if ((bits & 4) != 0)
            {
                leases.Signal();
            }
        }
    }

    private Task PollAsync()
    {
        Heads? before = null;
        return UntilStoppedAsync(async cancellationToken =>
        {
            while (true)
            {
                await Task.Delay(PollEvery, clock, cancellationToken);
                await using var connection = await sources.OpenReaderAsync(cancellationToken);
                var now = await connection.QuerySingleAsync<Heads>(new CommandDefinition(State, cancellationToken: cancellationToken));
                outbox.Room.Set(now.Unconfirmed);
                if (before is null || now.Assigned != before.Assigned || now.Commands != before.Commands)
                {
                    outbox.Distrust();
                    outbox.Wake(now.Assigned != before?.Assigned, now.Commands != before?.Commands);
                }

                before = now;
            }
        });
    }

    /// <summary>Begins again, after a while, whenever Postgres is away. Nothing is lost by that: the relay itself says when it can't read.</summary>
    private async Task UntilStoppedAsync(Func<CancellationToken, Task> run)
    {
        var failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            var started = clock.GetTimestamp();
            try
            {
                await run(stopping.Token);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (StoreBusyException)
            {
                failures = clock.GetElapsedTime(started) > TimeSpan.FromSeconds(10) ? 1 : failures + 1;
                await Task.Delay(RetryDelay.After(failures), clock, stopping.Token).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
        }
    }

    private sealed class Heads
    {
        public long Assigned { get; init; }

        public long Unconfirmed { get; init; }

        public long Commands { get; init; }
    }
}
