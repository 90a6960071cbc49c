namespace FlowPlatform.RabbitMQ.StreamProtocol;

internal delegate T ResponseParser<out T>(ref FrameReader reader);

/// <summary>A request that waits for its response.</summary>
internal abstract class PendingResponse(StreamCommand command)
{
    public StreamCommand Command { get; } = command;

    public abstract void Complete(ref FrameReader reader);

    public abstract void Fail(Exception reason);
}

internal sealed class PendingResponse<T>(StreamCommand command, string subject, ResponseParser<T> parse) : PendingResponse(command)
{
    private readonly TaskCompletionSource<T> completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<T> Task => completion.Task;

    public override void Complete(ref FrameReader reader)
    {
        try
        {
            // Metadata is the one response without a code: it has one per stream.
            var code = Command == StreamCommand.Metadata ? StreamResponseCode.Ok : reader.Code();
            if (code == StreamResponseCode.Ok)
            {
                completion.TrySetResult(parse(ref reader));
            }
            else
            {
                Fail(new StreamResponseException(Command, code, subject));
            }
        }
        catch (Exception e)
        {
            Fail(e);
            throw;
        }
    }

    public override void Fail(Exception reason)
    {
        completion.TrySetException(reason);

        // The one who asked may have gone (cancelled): then nobody else looks at it.
        _ = completion.Task.Exception;
    }
}
