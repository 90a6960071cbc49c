using FlowPlatform.Log;
using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage.EmbeddedLog;

namespace FlowPlatform.Dashboard.Streams;

/// <summary>
/// The dashboard's own way to the log: own connections under a name of their own, and a buffer of two batches a reader, so that what it doesn't take stays with the broker. It writes nothing. Safe for concurrent use.
/// </summary>
internal sealed class LogConnection(IEventLog? log) : IAsyncDisposable
{
    /// <summary>What the broker's tools show.</summary>
    public const string Name = "flow-dashboard";

    /// <summary>Batches that a reader may hold.</summary>
    public const int Batches = 2;

    /// <summary>The log; null where none is set.</summary>
    public IEventLog? Log { get; } = log;

    /// <summary>Whether there is one.</summary>
    public bool IsSet => Log is not null;

    /// <summary>What to do where there is none.</summary>
    public static string Missing => "No log is set. Start the dashboard with ConnectionStrings__rabbitmq (and ConnectionStrings__rabbitmq-stream), or with ConnectionStrings__embedded-log, as the services have them; the AppHost does that.";

    /// <summary>As services find it: the embedded log's directory takes precedence over a broker.</summary>
    /// <exception cref="DashboardSettingsException">An address can't be used. The message holds no password.</exception>
    public static LogConnection From(IConfiguration configuration, TimeProvider clock)
    {
        if ((configuration.GetConnectionString("embedded-log") ?? configuration.GetConnectionString("embedded_log")) is { Length: > 0 } directory)
        {
            return new LogConnection(new EmbeddedEventLog(directory, clock, new EmbeddedEventLogOptions { UndisposedBatches = Batches }));
        }

        var (amqp, stream) = (Address(configuration, "rabbitmq"), Address(configuration, "rabbitmq-stream") ?? Address(configuration, "rabbitmq_stream"));
        if (amqp is null)
        {
            return new LogConnection(null);
        }

        try
        {
            return new LogConnection(new RabbitMqEventLog(
                new RabbitMqEventLogOptions { AmqpUri = amqp, StreamUri = stream, ConnectionName = Name, InitialCredit = Batches, ConnectTimeout = TimeSpan.FromSeconds(5), ResolveTimeout = TimeSpan.FromSeconds(5) }, clock));
        }
        catch (ArgumentException e)
        {
            throw new DashboardSettingsException($"ConnectionStrings:rabbitmq can't be used: {e.Message}");
        }
    }

    public ValueTask DisposeAsync() => Log?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static Uri? Address(IConfiguration configuration, string name) => configuration.GetConnectionString(name) switch
    {
        null or "" => null,
        var value => Uri.TryCreate(value, UriKind.Absolute, out var uri) ? uri : throw new DashboardSettingsException($"ConnectionStrings:{name} is no address."),
    };
}
