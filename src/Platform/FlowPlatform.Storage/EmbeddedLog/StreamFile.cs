using System.Collections.Concurrent;
using FlowPlatform.Log;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>
/// One stream's file as this process has it open: a connection that appends, a poller, and connections for reading, as many as read at once. It ends when the file is deleted or replaced;
/// its readers and writers end with it. Safe for concurrent use.
/// </summary>
internal sealed class StreamFile : IAsyncDisposable
{
    private readonly SqliteConnections connections;
    private readonly LogConnection writing;
    private readonly ConcurrentBag<LogConnection> idle = [];
    private readonly TaskCompletionSource gone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ChangePoller poller;
    private readonly Appender appender;
    private volatile EventLogUnavailableException? ended;

    private StreamFile(StreamDefinition definition, SqliteConnections connections, LogConnection writing, LogConnection polling, EmbeddedEventLogOptions options, TimeProvider clock)
    {
        Definition = definition;
        this.connections = connections;
        this.writing = writing;
        appender = new Appender(this, writing, options, clock);
        poller = new ChangePoller(polling, Changed.Signal, reason =>
        {
            if (reason is null)
            {
                EndAsMoved();
            }
            else
            {
                End($"Stream '{definition.Name}': its file can't be read. {reason.Message}", reason);
            }
        });
    }

    public StreamDefinition Definition { get; }

    /// <summary>Signals after every commit of any process, and at the end.</summary>
    public Pulse Changed { get; } = new();

    /// <summary>Completes when the file has ended.</summary>
    public Task Gone => gone.Task;

    /// <summary>True if it must be opened anew.</summary>
    public bool HasEnded => ended is not null || writing.HasMoved;

    /// <summary>Opens a stream's file; null if there is none.</summary>
    public static async Task<StreamFile?> TryOpenAsync(string path, string stream, EmbeddedEventLogOptions options, TimeProvider clock, CancellationToken cancellationToken)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        var connections = new SqliteConnections(path, durable: false);
        var opened = new List<IDisposable>();
        try
        {
            var writer = await connections.OpenWriterAsync(cancellationToken, create: false);
            opened.Add(writer);
            if (StreamSchema.Read(writer, stream) is not { } definition)
            {
                opened.ForEach(connection => connection.Dispose());
                return null;
            }

            var writing = new LogConnection(writer, waits: false);
            opened[0] = writing;
            var polling = new LogConnection(connections.OpenOwnReader());
            opened.Add(polling);
            return new StreamFile(definition, connections, writing, polling, options, clock);
        }
        catch
        {
            opened.ForEach(connection => connection.Dispose());
            throw;
        }
    }

    /// <summary>Looks into the file.</summary>
    /// <exception cref="EventLogUnavailableException">It has ended.</exception>
    public T Use<T>(Func<LogConnection, T> use)
    {
        ThrowIfEnded();
        if (!idle.TryTake(out var connection))
        {
            connection = OpenReader();
        }

        try
        {
            return use(connection);
        }
        finally
        {
            idle.Add(connection);
            if (ended is not null)
            {
                CloseIdle();
            }
        }
    }

    /// <summary>Appends after everything that was handed over before.</summary>
    public ValueTask AppendAsync(AppendRequest request, CancellationToken cancellationToken)
    {
        ThrowIfEnded();
        return appender.EnqueueAsync(request, cancellationToken);
    }

    public void ThrowIfEnded()
    {
        if (ended is { } reason)
        {
            throw new EventLogUnavailableException(reason.Message, reason);
        }
    }

    public void EndAsMoved() => End($"Stream '{Definition.Name}': its file was deleted or replaced.");

    /// <summary>Ends whatever uses it.</summary>
    public void End(string reason, Exception? cause = null)
    {
        ended ??= new EventLogUnavailableException(reason, cause);
        gone.TrySetResult();
        Changed.Signal();
    }

    public async ValueTask DisposeAsync()
    {
        End($"Stream '{Definition.Name}': the log was closed.");
        await poller.DisposeAsync();
        CloseIdle();

        // The writing connection closes last: only it can move the write-ahead log into the file.
        await appender.DisposeAsync();
    }

    /// <summary>A connection to the very file that is open here, not to one that has its name now.</summary>
    private LogConnection OpenReader()
    {
        var opened = writing.HasMoved ? null : new LogConnection(connections.OpenOwnReader());
        if (opened is not null && !writing.HasMoved)
        {
            return opened;
        }

        opened?.Dispose();
        EndAsMoved();
        throw new EventLogUnavailableException(ended!.Message, ended);
    }

    private void CloseIdle()
    {
        while (idle.TryTake(out var connection))
        {
            connection.Dispose();
        }
    }
}
