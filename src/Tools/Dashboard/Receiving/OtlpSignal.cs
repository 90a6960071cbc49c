using FlowPlatform.Dashboard.Storage;
using Google.Protobuf;
using Code = Google.Rpc.Code;

namespace FlowPlatform.Dashboard.Receiving;

/// <summary>Takes the requests of one signal, whichever way they come. Safe for concurrent use.</summary>
internal interface IOtlpSignal
{
    /// <summary>Counts what became of requests.</summary>
    Intake Intake { get; }

    /// <summary>The full name of the gRPC service.</summary>
    string Service { get; }

    /// <summary>The path over HTTP.</summary>
    string Path { get; }

    /// <summary>Refuses what would be refused anyway, before it is read.</summary>
    /// <exception cref="OtlpException">Too much is waiting to be written.</exception>
    void CheckRoom(long size);

    /// <summary>Reads a request and queues it.</summary>
    /// <returns>The answer: how many items were rejected, if any.</returns>
    /// <exception cref="OtlpException">It is malformed, or too much is waiting to be written.</exception>
    IMessage Take(byte[] message, int length);
}

/// <inheritdoc cref="IOtlpSignal" />
/// <param name="service">The full name of the gRPC service.</param>
/// <param name="path">The path over HTTP.</param>
/// <param name="limits">How large a request can be.</param>
/// <param name="decode">Makes rows of a request of so many bytes.</param>
/// <param name="answer">Makes the answer: nothing, or how many were rejected, and why.</param>
/// <param name="queue">Where it goes.</param>
/// <param name="intake">Counts.</param>
internal sealed class OtlpSignal<TRequest, TExport>(
    string service, string path, OtlpLimits limits, Func<TRequest, int, Decoded<TExport>> decode, Func<int, string, IMessage> answer, SignalQueue<TExport> queue, Intake intake) : IOtlpSignal
    where TRequest : IMessage<TRequest>, new()
    where TExport : IExport
{
    /// <summary>What waits is written within that, if the disk keeps up.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private static readonly MessageParser<TRequest> Parser = new(static () => new TRequest());

    /// <inheritdoc />
    public Intake Intake => intake;

    /// <inheritdoc />
    public string Service => service;

    /// <inheritdoc />
    public string Path => path;

    /// <inheritdoc />
    public void CheckRoom(long size)
    {
        if (!queue.HasRoomFor(size))
        {
            throw Full(items: 0);
        }
    }

    /// <inheritdoc />
    public IMessage Take(byte[] message, int length)
    {
        var decoded = Decode(message, length);
        if (decoded.Export.Items > 0 && !queue.TryAdd(decoded.Export))
        {
            throw Full(decoded.Export.Items);
        }

        intake.Add(Outcome.Invalid, decoded.Rejected);
        return answer(decoded.Rejected, decoded.Rejected == 0 ? "" : decoded.Why);
    }

    private Decoded<TExport> Decode(byte[] message, int length)
    {
        try
        {
            limits.Check(message.AsSpan(0, length));
            return decode(Parser.ParseFrom(message, 0, length), length);
        }
        catch (Exception e) when (e is InvalidProtocolBufferException or InvalidDataException or OverflowException)
        {
            intake.Add(Outcome.Malformed, 0, requests: 1);
            throw new OtlpException(Code.InvalidArgument, $"This is no {typeof(TRequest).Name}: {e.Message}", inner: e);
        }
        catch (OtlpException)
        {
            intake.Add(Outcome.Malformed, 0, requests: 1);
            throw;
        }
    }

    private OtlpException Full(int items)
    {
        intake.Add(Outcome.QueueFull, items, requests: 1);
        return new OtlpException(Code.Unavailable, "Too much is waiting to be written. Send it again later.", RetryAfter);
    }
}
