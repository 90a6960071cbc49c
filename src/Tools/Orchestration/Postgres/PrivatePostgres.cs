using System.Globalization;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Processes;
using Npgsql;

namespace FlowPlatform.Orchestration.Postgres;

/// <summary>
/// A Postgres server of our own: own port on loopback, data, superuser. It needs nothing installed and no root (and gives root up where this
/// process is root's), and dies with this process, also when that is killed (on Linux; elsewhere the next start on the same data sweeps it).
/// Safe for concurrent use.
/// </summary>
public sealed class PrivatePostgres : IAsyncDisposable
{
    private const int OutputLinesMax = 2_000;
    private const int PortAttemptsMax = 3;
    private const long FreeBytesMin = 200L << 20;
    private static readonly TimeSpan InitLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);

    private readonly PrivatePostgresOptions options;
    private readonly FileLock held;
    private readonly ProcessJournal journal;
    private readonly OutputBuffer output = new(OutputLinesMax);
    private ChildProcess? server;
    private int stopped;

    private PrivatePostgres(PrivatePostgresOptions options, FileLock held)
    {
        this.options = options;
        this.held = held;
        journal = new ProcessJournal(Path.Combine(options.DataDirectory, "processes"));
    }

    /// <summary>The superuser's, for the database <c>postgres</c>, in Npgsql's form. Holds a secret: don't log it.</summary>
    public string ConnectionString { get; private set; } = "";

    /// <summary>The port on 127.0.0.1.</summary>
    public int Port { get; private set; }

    /// <summary>The generated or given password.</summary>
    public string Password { get; private set; } = "";

    /// <summary>The pid of the server's first process.</summary>
    public int ProcessId => server!.ProcessId;

    /// <summary>Completes with the exit code when the server has ended, wanted or not.</summary>
    public Task<int> Exited => server!.Exited;

    /// <summary>Gets a server (see <see cref="PostgresLocator"/>), makes its cluster if there is none, starts it and waits until it answers.</summary>
    /// <param name="options">Where and how.</param>
    /// <param name="progress">What is being done, in lines for a user.</param>
    /// <param name="cancellationToken">Stops the attempt and whatever was started.</param>
    /// <exception cref="PostgresServerException">No server to be had, the port is taken, no disk space, root can't run it, it ended or wasn't ready in time.</exception>
    public static async Task<PrivatePostgres> StartAsync(PrivatePostgresOptions options, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        options = options with { DataDirectory = Path.GetFullPath(options.DataDirectory) };
        CheckDataDirectory(options.DataDirectory);
        var installation = options.Installation
            ?? await PostgresLocator.LocateAsync(options.Source, PostgresLayout.MajorOf(options.DataDirectory), progress, cancellationToken);
        var held = FileLock.TryAcquire(Path.Combine(options.DataDirectory, "node.lock"))
            ?? throw new PostgresServerException($"Another process runs Postgres on {options.DataDirectory}. Stop it, or choose another data directory.");
        var postgres = new PrivatePostgres(options, held);
        try
        {
            postgres.journal.Sweep();
            await postgres.StartAsync(installation, progress, cancellationToken);
            return postgres;
        }
        catch
        {
            await postgres.StopAsync(TimeSpan.Zero); // it served nobody yet
            throw;
        }
    }

    /// <summary>Stops the server, ending its connections: SIGINT, after <see cref="PrivatePostgresOptions.StopLimit"/> SIGKILL. The data stays.</summary>
    public ValueTask DisposeAsync() => new(StopAsync(options.StopLimit));

    internal async Task StopAsync(TimeSpan grace)
    {
        if (Interlocked.Exchange(ref stopped, 1) == 0)
        {
            await EndAsync(grace);
            held.Dispose();
        }
    }

    /// <summary>Kills the server at once, as a crash would. The data stays; the next start recovers it.</summary>
    public void Kill() => server?.Kill();

    /// <summary>Nobody but the superuser may connect to the databases that every server has.</summary>
    /// <returns>The server's version.</returns>
    internal async Task<string> CloseCommonDatabasesAsync(CancellationToken cancellationToken)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(ConnectionString) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand("REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC", connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
        return connection.PostgreSqlVersion.ToString();
    }

    private static void CheckDataDirectory(string folder)
    {
        try
        {
            PrivateFile.CreateFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new PostgresServerException($"The Postgres data directory {folder} can't be created: {e.Message}", e);
        }
        var free = new DriveInfo(folder).AvailableFreeSpace;
        if (free < FreeBytesMin)
        {
            throw new PostgresServerException(string.Create(CultureInfo.InvariantCulture,
                $"Postgres needs {FreeBytesMin >> 20} MB of free disk below {folder}, there are {free >> 20} MB. Free some, or choose another --data."));
        }
    }

    private async Task StartAsync(PostgresInstallation installation, IProgress<string>? progress, CancellationToken cancellationToken)
    {
        var secrets = PostgresSecrets.LoadOrCreate(options.DataDirectory, options.User, options.Password);
        var isMade = PostgresLayout.HoldsDatabase(options.DataDirectory);
        var user = await ServerUser.ChooseAsync(isMade ? secrets.Owner : options.RunAs, options.DataDirectory, installation, cancellationToken);
        var layout = new PostgresLayout(options, installation);
        if (!isMade)
        {
            progress?.Report("Making the Postgres cluster …");
            secrets = secrets with { Owner = user.Name };
            secrets.Save(options.DataDirectory);
            await new ClusterMaker(options.DataDirectory, layout, installation, user).MakeAsync(secrets, InitLimit, cancellationToken);
        }
        Password = secrets.Password;
        await StartWithFreePortAsync(installation, layout, user, secrets, cancellationToken);
    }

    /// <summary>A port that we chose may be taken by another between the look and the server's bind: then choose again.</summary>
    private async Task StartWithFreePortAsync(
        PostgresInstallation installation, PostgresLayout layout, ServerUser user, PostgresSecrets secrets, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        for (var attempt = 1; ; attempt++)
        {
            Port = ChoosePort();
            layout.WriteConfiguration(Port);
            ConnectionString = ConnectionStringOf(Port, secrets.User, secrets.Password);
            var (fileName, arguments) = user.Command(installation.Server, layout.ServerArguments);
            server = await ChildProcess.StartAsync(new ChildProcessStart(fileName, arguments)
            {
                WorkingDirectory = options.DataDirectory,
                Environment = layout.Environment(),
                OnLine = Capture,
                // SIGTERM waits for all clients to leave; SIGINT ends their connections.
                AskToEnd = Signals.Interrupt,
            });
            if (server.Identity is { } identity)
            {
                journal.Add("postgres", identity);
            }
            if (await WaitUntilReadyAsync(cancellationToken))
            {
                return;
            }
            var text = output.Tail(15);
            await EndAsync(TimeSpan.Zero);
            // Connections of a killed server end by themselves, but not at once.
            if (text.Contains("shared memory block", StringComparison.Ordinal) && TimeProvider.System.GetElapsedTime(started) < options.StartLimit)
            {
                output.Clear();
                await Task.Delay(RetryInterval, TimeProvider.System, cancellationToken);
            }
            else if (attempt >= PortAttemptsMax || !text.Contains("Address already in use", StringComparison.OrdinalIgnoreCase))
            {
                throw new PostgresServerException($"Postgres ended while starting. Its last words:\n{text}");
            }
        }
    }

    private int ChoosePort()
    {
        if (options.Port is not { } wanted)
        {
            return LoopbackPorts.Take(1)[0];
        }
        return LoopbackPorts.IsFree(wanted) ? wanted
            : throw new PostgresServerException($"The Postgres port {wanted} is taken on 127.0.0.1. End what listens there, or choose another port.");
    }

    /// <summary>Nothing but loopback lies between us and the server: no time is spent on asking for encryption.</summary>
    private static string ConnectionStringOf(int port, string user, string password) => string.Create(CultureInfo.InvariantCulture,
        $"Host=127.0.0.1;Port={port};Username={user};Password={password};Database=postgres;SSL Mode=Disable;GSS Encryption Mode=Disable");

    /// <summary>True: ready. False: the server has ended.</summary>
    private async Task<bool> WaitUntilReadyAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.StartLimit);
        try
        {
            while (!Exited.IsCompleted)
            {
                if (await PostgresReadiness.AnswersAsync(ConnectionString, limit.Token))
                {
                    return !Exited.IsCompleted;
                }
                await Task.WhenAny(Exited, Task.Delay(RetryInterval, TimeProvider.System, limit.Token));
                limit.Token.ThrowIfCancellationRequested();
            }
            return false;
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new PostgresServerException($"Postgres was not ready within {options.StartLimit.TotalSeconds:0} s. Its last words:\n{output.Tail(15)}", e);
        }
    }

    private async Task EndAsync(TimeSpan grace)
    {
        if (server is not null)
        {
            await server.StopAsync(grace, TimeProvider.System);
            journal.Remove(server.ProcessId);
            await server.DisposeAsync();
        }
    }

    private void Capture(OutputLine line)
    {
        output.Add(line);
        options.OnOutput?.Invoke(line.Text);
    }
}
