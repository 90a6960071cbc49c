using RabbitMQ.Client;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>What a node said to a question.</summary>
internal enum NodeAnswer
{
    /// <summary>It answered.</summary>
    Answered,

    /// <summary>It let nobody in, or hung up: it is there, but doesn't serve.</summary>
    Refused,

    /// <summary>It said nothing at all.</summary>
    Silent,
}

/// <summary>
/// Asks a node something that it must do some work for, over one connection that is kept: a handshake every time would fill its log. That a port accepts says nothing, for the kernel accepts for a
/// process that stands still. Not safe for concurrent use.
/// </summary>
internal sealed class NodeProbe(int amqpPort, string user, string password) : IAsyncDisposable
{
    /// <summary>How long an answer may take. Nodes on two cores with twenty processes waiting for them answered within 1 s.</summary>
    public static TimeSpan AnswerLimit { get; } = TimeSpan.FromSeconds(3);

    private IConnection? connection;
    private IChannel? channel;

    public async Task<NodeAnswer> AskAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        try
        {
            channel ??= await ConnectAsync(limit.Token);
            await channel.ExchangeDeclarePassiveAsync("amq.direct", limit.Token);
            return NodeAnswer.Answered;
        }
        catch (Exception failed) when (!cancellationToken.IsCancellationRequested)
        {
            await DisposeAsync();
            return limit.IsCancellationRequested || failed is TimeoutException || failed.InnerException is TimeoutException ? NodeAnswer.Silent : NodeAnswer.Refused;
        }
    }

    public async ValueTask DisposeAsync()
    {
        var (gone, of) = (channel, connection);
        (channel, connection) = (null, null);
        if (of is not null)
        {
            // Not closed in order: a node that is silent would not answer that either.
            await of.AbortAsync(TimeSpan.FromMilliseconds(1));
            await of.DisposeAsync();
        }

        if (gone is not null)
        {
            await gone.DisposeAsync();
        }
    }

    private async Task<IChannel> ConnectAsync(CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory
        {
            HostName = "127.0.0.1",
            Port = amqpPort,
            UserName = user,
            Password = password,
            RequestedConnectionTimeout = AnswerLimit,
            HandshakeContinuationTimeout = AnswerLimit,
            ContinuationTimeout = AnswerLimit,
            AutomaticRecoveryEnabled = false,
            ClientProvidedName = "flowplatform-probe",
        };
        connection = await factory.CreateConnectionAsync(cancellationToken);
        return await connection.CreateChannelAsync(cancellationToken: cancellationToken);
    }
}
