using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ;

/// <summary>What a fault of the protocol means for the user of the log.</summary>
internal static class RabbitMqErrors
{
    /// <summary>True for what may be gone in a moment: no connection, no leader. Not for what the broker refuses for good.</summary>
    public static bool Passes(Exception e) => e switch
    {
        StreamConnectionException => true,
        StreamResponseException response => response.Code is StreamResponseCode.StreamNotAvailable or StreamResponseCode.InternalError,
        _ => false,
    };

    /// <summary>The log's exception for one of the protocol.</summary>
    public static Exception Translate(Exception e, PartitionId partition) => e switch
    {
        StreamResponseException { Code: StreamResponseCode.StreamDoesNotExist, Command: not StreamCommand.MetadataUpdate } => new StreamNotFoundException(partition.Name),
        StreamResponseException { Command: StreamCommand.MetadataUpdate } moved => new EventLogUnavailableException(
            $"{partition}: the stream moved to another node or was deleted.", moved),
        StreamResponseException { Code: StreamResponseCode.AccessRefused } refused => new EventLogUnavailableException(
            $"{partition}: the user lacks the permission. {refused.Message}", refused),
        StreamResponseException { Code: StreamResponseCode.PreconditionFailed, Command: StreamCommand.DeclarePublisher } blocked => new EventLogUnavailableException(
            $"{partition}: the broker takes no publishers. It does so during a disk alarm: see its log. {blocked.Message}", blocked),
        ChunkException chunk => new LogCorruptException(partition, Math.Max(chunk.FirstOffset, 0), chunk.Reason, chunk),
        StreamResponseException or StreamConnectionException or StreamProtocolException or StreamTlsException or StreamNotSupportedException => new EventLogUnavailableException($"{partition}: {e.Message}", e),
        _ => e,
    };

    /// <summary>Runs a step and translates what it throws.</summary>
    public static async Task<T> TranslatedAsync<T>(Func<Task<T>> step, PartitionId partition)
    {
        try
        {
            return await step();
        }
        catch (Exception e) when (e is StreamResponseException or StreamConnectionException or StreamProtocolException or StreamTlsException or StreamNotSupportedException or ChunkException)
        {
            throw Translate(e, partition);
        }
    }
}
