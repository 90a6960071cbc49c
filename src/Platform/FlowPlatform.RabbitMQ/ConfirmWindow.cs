using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ;

/// <summary>One call of AppendAsync: complete when all its events are confirmed.</summary>
internal sealed class PendingAppend(int events)
{
    private readonly TaskCompletionSource completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int left = events;

    public Task Task => completion.Task;

    public void Confirm()
    {
        if (--left == 0)
        {
            completion.TrySetResult();
        }
    }

    public void Fail(Exception reason)
    {
        completion.TrySetException(reason);

        // Its caller may have been cancelled and gone.
        _ = completion.Task.Exception;
    }
}

/// <summary>
/// Published events that are not confirmed yet, bounded in number and bytes. Ids ascend; confirmations may come in any order, because the broker
/// confirms a duplicate at once. One sender, any number of confirming threads.
/// </summary>
internal sealed class ConfirmWindow(int maxEvents, long maxBytes)
{
    private readonly Lock gate = new();
    private readonly Entry[] ring = new Entry[maxEvents];
    private int head;
    private int count;
    private long bytes;
    private ulong greatest;
    private Exception? failure;
    private TaskCompletionSource? room;

    /// <summary>Null if so much fits now, or nothing is in flight and it must go in any case; else what to wait for before asking again.</summary>
    /// <exception cref="Exception">The reason why the window has failed.</exception>
    public Task? RoomFor(int events, long size, ulong firstId)
    {
        lock (gate)
        {
            ThrowIfFailed();

            // An id below one in flight (a caller resends) waits for all of them, so that ids in flight ascend.
            var fits = count == 0 || (count + events <= ring.Length && bytes + size <= maxBytes && firstId > ring[Index(count - 1)].Id);
            return fits ? null : (room ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    public void Add(ulong id, int size, PendingAppend owner)
    {
        lock (gate)
        {
            ThrowIfFailed();
            ring[Index(count)] = new Entry { Id = id, Bytes = size, Owner = owner };
            count++;
            bytes += size;
            greatest = Math.Max(greatest, id);
        }
    }

    /// <returns>An id that was never added, if there is one: the peer is out of its mind. Others are counted once, however often they come.</returns>
    public ulong? Confirm(PublishingIds ids)
    {
        ulong? unknown = null;
        lock (gate)
        {
            for (var i = 0; i < ids.Count; i++)
            {
                ConfirmOne(ids[i]);
                unknown = ids[i] > greatest ? ids[i] : unknown;
            }

            for (; count > 0 && ring[head].Owner is null; count--)
            {
                bytes -= ring[head].Bytes;
                head = (head + 1) % ring.Length;
            }

            room?.TrySetResult();
            room = null;
            return unknown;
        }
    }

    /// <summary>Fails every waiting call, and every later one.</summary>
    public void Fail(Exception reason)
    {
        lock (gate)
        {
            if (failure is not null)
            {
                return;
            }

            failure = reason;
            for (var i = 0; i < count; i++)
            {
                ring[Index(i)].Owner?.Fail(reason);
            }

            count = 0;
            room?.TrySetResult();
            room = null;
        }
    }

    private int Index(int position) => (head + position) % ring.Length;

    private void ThrowIfFailed()
    {
        if (failure is not null)
        {
            throw failure;
        }
    }

    private void ConfirmOne(ulong id)
    {
        if (count == 0 || id < ring[head].Id)
        {
            return;
        }

        // Sequences have no gaps as a rule: then the place is known. Else it is searched for.
        var guess = id - ring[head].Id;
        var position = guess < (ulong)count && ring[Index((int)guess)].Id == id ? (int)guess : Find(id);
        if (position >= 0)
        {
            ref var entry = ref ring[Index(position)];
            entry.Owner?.Confirm();
            entry.Owner = null;
        }
    }

    private int Find(ulong id)
    {
        int low = 0, high = count - 1;
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var found = ring[Index(middle)].Id;
            if (found == id)
            {
                return middle;
            }

            (low, high) = found < id ? (middle + 1, high) : (low, middle - 1);
        }

        return -1;
    }

    private struct Entry
    {
        public ulong Id;
        public int Bytes;
        public PendingAppend? Owner;
    }
}
