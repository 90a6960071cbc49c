namespace FlowPlatform.RabbitMQ.StreamProtocol;

// Reading, writing and dispatching of frames.
public sealed partial class StreamConnection
{
    private async Task ReadLoopAsync()
    {
        using var assembler = new FrameAssembler(options.MaxFrameBytes, options.MaxDeliverBytes, options.Pool);
        try
        {
            while (true)
            {
                var result = await input.ReadAsync();
                Volatile.Write(ref lastReceived, time.GetTimestamp());
                var buffer = result.Buffer;
                var complete = false;
                while (assembler.TryRead(ref buffer, out var frame, out var length))
                {
                    Dispatch(frame, length);
                    complete = true;
                }

                NoteFrame(complete, assembler.Partial || !buffer.IsEmpty);
                input.AdvanceTo(buffer.Start, buffer.End);
                if (result.IsCompleted)
                {
                    var where = assembler.Partial || !buffer.IsEmpty ? " in the middle of a frame" : string.Empty;
                    Abort(new StreamConnectionException($"{Endpoint} closed the connection{where}."));
                    break;
                }
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Abort(new StreamConnectionException($"The connection to {Endpoint} broke: {e.Message}", e));
        }
        catch (Exception e)
        {
            // A broken frame, or an observer's own fault: it ends the connection and is what everybody is told.
            Abort(e);
        }
        finally
        {
            await input.CompleteAsync();
            try
            {
                TellEverybody(CloseReason!);
            }
            finally
            {
                closed.TrySetResult();
            }
        }
    }

    /// <summary>A peer that drips bytes is never silent: so a frame has a time limit of its own.</summary>
    private void NoteFrame(bool complete, bool partial)
    {
        if (!partial || complete || frameStarted == 0)
        {
            Volatile.Write(ref frameStarted, partial ? lastReceived : 0);
        }
    }

    private void TellEverybody(Exception reason)
    {
        foreach (var correlation in pending.Keys)
        {
            if (pending.TryRemove(correlation, out var request))
            {
                request.Fail(new StreamConnectionException($"{Endpoint}: the connection ended before {request.Command} was answered. {reason.Message}", reason));
            }
        }

        lock (publishers)
        {
            foreach (var publisher in publishers)
            {
                publisher?.Close(reason);
            }

            foreach (var subscription in subscriptions)
            {
                subscription?.Close(reason);
            }
        }
    }

    /// <summary>Takes over the pooled array.</summary>
    private void Dispatch(byte[] frame, int length)
    {
        var owned = true;
        try
        {
            var reader = new FrameReader(frame.AsSpan(0, length));
            var key = reader.UInt16();
            var version = reader.UInt16();
            if (version != 1 && !(version == 2 && key == (ushort)StreamCommand.Deliver))
            {
                throw new StreamProtocolException($"{Endpoint} sent a frame with key 0x{key:x4} in the unknown version {version}.");
            }

            if (key == (ushort)StreamCommand.Deliver)
            {
                var id = reader.Byte();
                long? committed = version == 2 ? (long)reader.UInt64() : null;
                var subscription = Volatile.Read(ref subscriptions[id])
                    ?? throw new StreamProtocolException($"{Endpoint} delivered to subscription {id}, which doesn't exist.");
                var chunk = Parse(subscription, frame, length - reader.Rest.Length, length, committed);
                owned = false;
                subscription.Deliver(chunk);
            }
            else if ((key & FrameBuffer.ResponseBit) != 0)
            {
                DispatchResponse((StreamCommand)(key & ~FrameBuffer.ResponseBit), ref reader);
            }
            else
            {
                DispatchCommand((StreamCommand)key, ref reader);
            }
        }
        finally
        {
            if (owned)
            {
                options.Pool.Return(frame);
            }
        }
    }

    private StreamChunk Parse(StreamSubscription subscription, byte[] frame, int start, int length, long? committed)
    {
        try
        {
            return StreamChunk.Parse(frame, start, length, unpacker, committed);
        }
        catch (ChunkException e)
        {
            // Its own subscription is told what is damaged; others on the connection, only that it ended.
            subscription.Close(e);
            throw new StreamProtocolException($"{Endpoint} delivered a damaged chunk of '{subscription.Stream}'. {e.Message}", e);
        }
    }

    private void DispatchResponse(StreamCommand command, ref FrameReader reader)
    {
        if (command == StreamCommand.Credit)
        {
            var code = reader.Code();
            var id = reader.Byte();
            Volatile.Read(ref subscriptions[id])?.Close(new StreamResponseException(StreamCommand.Credit, code, $"subscription {id}"));
            return;
        }

        var correlation = reader.UInt32();
        if (!pending.TryRemove(correlation, out var request) || request.Command != command)
        {
            request?.Fail(new StreamProtocolException($"{Endpoint} answered {request.Command} with {command}."));
            throw new StreamProtocolException($"{Endpoint} sent a response to {command} {correlation}, which was not asked.");
        }

        request.Complete(ref reader);
    }

    private void DispatchCommand(StreamCommand command, ref FrameReader reader)
    {
        switch (command)
        {
            case StreamCommand.PublishConfirm:
                Confirm(ref reader);
                break;
            case StreamCommand.PublishError:
                Refuse(ref reader);
                break;
            case StreamCommand.MetadataUpdate:
                Update(ref reader);
                break;
            case StreamCommand.Tune:
                tune.TrySetResult((reader.UInt32(), reader.UInt32()));
                break;
            case StreamCommand.Heartbeat:
                break;
            case StreamCommand.Route or StreamCommand.Partitions:
                // Brokers up to 3.11.0 forget the bit that marks a response.
                DispatchResponse(command, ref reader);
                break;
            case StreamCommand.ConsumerUpdate:
                throw new StreamProtocolException($"{Endpoint} treats a subscription as a single active consumer, which this client never asks for.");
            case StreamCommand.Close:
                AnswerClose(reader.UInt32(), reader.Code(), reader.String());
                break;
            default:
                throw new StreamProtocolException($"{Endpoint} sent a frame with the unknown key 0x{(ushort)command:x4}.");
        }
    }

    private void Confirm(ref FrameReader reader)
    {
        var publisher = Volatile.Read(ref publishers[reader.Byte()]);
        var ids = new PublishingIds(reader.Take(reader.Count(sizeof(ulong)) * sizeof(ulong)));
        publisher?.Observer.Confirmed(ids);
    }

    private void Refuse(ref FrameReader reader)
    {
        var publisher = Volatile.Read(ref publishers[reader.Byte()]);
        for (var left = reader.Count(sizeof(ulong) + sizeof(ushort)); left > 0; left--)
        {
            var id = reader.UInt64();
            publisher?.Observer.Refused(id, reader.Code());
        }
    }

    private void Update(ref FrameReader reader)
    {
        var reason = new StreamResponseException(StreamCommand.MetadataUpdate, reader.Code(), reader.String());
        lock (publishers)
        {
            for (var id = 0; id < publishers.Length; id++)
            {
                if (publishers[id]?.Stream == reason.Subject)
                {
                    publishers[id]!.Close(reason);
                    publishers[id] = null;
                }

                // The slot stays taken: a Credit on its way may still be answered with an error.
                if (subscriptions[id]?.Stream == reason.Subject)
                {
                    subscriptions[id]!.Close(reason);
                }
            }
        }
    }

    private void AnswerClose(uint correlation, StreamResponseCode code, string why)
    {
        _ = AnswerAsync();

        async Task AnswerAsync()
        {
            using var frame = new FrameBuffer(StreamCommand.Close, 16, response: true);
            frame.UInt32(correlation);
            frame.UInt16((ushort)StreamResponseCode.Ok);
            var reason = new StreamConnectionException($"{Endpoint} closed the connection: {why} ({code}, {(ushort)code}).");
            try
            {
                await WriteAsync(frame, CancellationToken.None);
            }
            catch (StreamConnectionException)
            {
                // It has closed its side before the answer: the reason is what counts.
                Abort(reason);
            }

            Abort(reason);
        }
    }

    private async ValueTask WriteAsync(FrameBuffer frame, CancellationToken cancellationToken)
    {
        await writeLock.WaitAsync(cancellationToken);
        try
        {
            ThrowIfClosed();
            Volatile.Write(ref writeStarted, time.GetTimestamp());

            // Never cancelled once begun: half a frame would be the end of the connection. The monitor watches the time.
            await transport.WriteAsync(frame.Finish(), CancellationToken.None);
            Volatile.Write(ref lastSent, time.GetTimestamp());
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            Abort(new StreamConnectionException($"The connection to {Endpoint} broke: {e.Message}", e));
            ThrowIfClosed();
        }
        finally
        {
            Volatile.Write(ref writeStarted, 0);
            writeLock.Release();
        }
    }
}
