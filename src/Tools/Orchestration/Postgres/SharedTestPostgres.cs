using System.Text.Json;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Postgres;

/// <summary>
/// One Postgres server for all test processes that run at the same time in this clone. The first to come starts it, later ones join; the process
/// that started it is its parent and leaves last: its dispose waits until no other lease is held. Hold it in an assembly fixture, so that it
/// lives as long as the test process, and give each test a database of its own (<see cref="CreateDatabaseAsync"/>).
/// <para>FLOW_TEST_POSTGRES (a superuser's connection string) names a server to use instead. The server that is started forgets its last moments in a power cut.</para>
/// </summary>
public sealed class SharedTestPostgres : IAsyncDisposable
{
    private static readonly TimeSpan OthersLimit = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(100);

    private readonly string folder;
    private readonly ServerLeases leases;
    private FileLock? lease;
    private Owned? owned;

    private SharedTestPostgres(string folder, string connectionString)
    {
        this.folder = folder;
        leases = new ServerLeases(folder);
        ConnectionString = connectionString;
    }

    /// <summary>A superuser's, for the database <c>postgres</c>.</summary>
    public string ConnectionString { get; }

    /// <summary>Whether this lease's process is the server's parent.</summary>
    internal bool IsOwner => owned is not null;

    /// <summary>Joins the running server or starts one.</summary>
    /// <exception cref="PostgresServerException">No server could be had or started, or another process took longer than 15 minutes to start one.</exception>
    public static Task<SharedTestPostgres> AcquireAsync(CancellationToken cancellationToken) =>
        Environment.GetEnvironmentVariable("FLOW_TEST_POSTGRES") is { Length: > 0 } given
            ? Task.FromResult(new SharedTestPostgres("", given))
            : AcquireAsync(ServerLeases.DefaultFolder() + "-postgres", cancellationToken);

    internal static async Task<SharedTestPostgres> AcquireAsync(string folder, CancellationToken cancellationToken)
    {
        PrivateFile.CreateFolder(folder);
        if (!PrivateFile.IsPrivate(folder))
        {
            throw new PostgresServerException($"Others may write to {folder}, where tests keep their server's address. Delete it.");
        }
        var leases = new ServerLeases(folder);
        try
        {
            using var held = await leases.LockAsync(cancellationToken);
            if (ReadState(folder) is { IsLive: true } live)
            {
                return new SharedTestPostgres(folder, live.ConnectionString) { lease = leases.Take() };
            }
            foreach (var orphan in Directory.GetDirectories(folder, "data-*"))
            {
                ServerLeases.RemoveData(orphan);
            }
            return await StartAsync(folder, leases, cancellationToken);
        }
        catch (Exception e) when (e is TimeoutException or IOException)
        {
            throw new PostgresServerException(e.Message, e);
        }
    }

    /// <summary>A new database with a role of its own that owns it. Disposing of it ends its connections and drops both.</summary>
    public Task<TestDatabase> CreateDatabaseAsync(CancellationToken cancellationToken) => TestDatabase.CreateAsync(ConnectionString, cancellationToken);

    /// <summary>Gives the lease back. In the process that started the server: waits (at most 30 minutes) for the others, then stops it.</summary>
    public async ValueTask DisposeAsync()
    {
        Interlocked.Exchange(ref lease, null)?.Dispose();
        if (Interlocked.Exchange(ref owned, null) is { } mine)
        {
            await StopWhenUnusedAsync(mine);
        }
    }

    private static async Task<SharedTestPostgres> StartAsync(string folder, ServerLeases leases, CancellationToken cancellationToken)
    {
        var data = Path.Combine(folder, $"data-{Guid.NewGuid():N}");
        var server = await PrivatePostgres.StartAsync(
            new PrivatePostgresOptions { DataDirectory = data, Durable = false }, new ErrorLines(), cancellationToken);
        var process = ProcessIdentity.Of(server.ProcessId) ?? throw new PostgresServerException("Postgres ended right after its start.");
        PrivateFile.Write(StateFile(folder), JsonSerializer.Serialize(new State(ProcessIdentity.Current, process, server.ConnectionString)));
        return new SharedTestPostgres(folder, server.ConnectionString) { lease = leases.Take(), owned = new Owned(server, process, data) };
    }

    private async Task StopWhenUnusedAsync(Owned mine)
    {
        var time = TimeProvider.System;
        var started = time.GetTimestamp();
        while (true)
        {
            // Under the lock nobody joins between the look and the stop.
            using (await leases.LockAsync(CancellationToken.None))
            {
                if (!leases.Any() || mine.Server.Exited.IsCompleted || time.GetElapsedTime(started) > OthersLimit)
                {
                    if (ReadState(folder)?.Process == mine.Process)
                    {
                        File.Delete(StateFile(folder)); // not that of a successor who found ours dead
                    }
                    await mine.Server.DisposeAsync();
                    ServerLeases.RemoveData(mine.Data);
                    return;
                }
            }
            await Task.Delay(PollInterval, time);
        }
    }

    private static State? ReadState(string folder) =>
        File.Exists(StateFile(folder)) ? JsonSerializer.Deserialize<State>(File.ReadAllText(StateFile(folder))) : null;

    private static string StateFile(string folder) => Path.Combine(folder, "postgres.json");

    /// <summary>Written when the server is ready: a live server of a live owner can be joined.</summary>
    private sealed record State(ProcessIdentity Owner, ProcessIdentity Process, string ConnectionString)
    {
        public bool IsLive => Owner.IsAlive && Process.IsAlive;
    }

    private sealed record Owned(PrivatePostgres Server, ProcessIdentity Process, string Data);

    private sealed class ErrorLines : IProgress<string>
    {
        public void Report(string value) => Console.Error.WriteLine(value);
    }
}
