using FlowPlatform.Stores;

namespace FlowPlatform.Storage.Postgres;

/// <summary>
/// Lets a process come back to a server that could not be reached: one connection is tried first, and each that is opened lets two more follow. While all is well nobody waits. Without it, whoever
/// had timed out tried again together with all the others, and a server that was slow from starting them never had the time to finish one: 17 attempts a second, from eight services, kept
/// two cores busy until somebody ended them. Safe for concurrent use.
/// </summary>
internal sealed class ConnectionGate(TimeProvider clock)
{
    /// <summary>So many at a time are more than a service opens: whoever reached that is through.</summary>
    private const int Enough = 32;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly Lock gate = new();
    private readonly LinkedList<TaskCompletionSource> waiting = [];
    private int limit = int.MaxValue;
    private int inside;
    private string reason = "";

    /// <summary>Opens a connection, or takes one from a pool.</summary>
    /// <exception cref="StoreBusyException">The server can't be reached, or others have been trying for 5 s.</exception>
    public async ValueTask<T> OpenAsync<T>(Func<CancellationToken, ValueTask<T>> open, CancellationToken cancellationToken)
    {
        await EnterAsync(cancellationToken);
        bool? opened = null;
        try
        {
            var connection = await open(cancellationToken);
            opened = true;
            return connection;
        }
        catch (Exception fault)
        {
            var translated = PostgresFaults.Translate(fault);
            if (translated is StoreBusyException && !PostgresFaults.IsOfPool(fault))
            {
                (opened, reason) = (false, translated.Message);
            }

            throw translated;
        }
        finally
        {
            Leave(opened);
        }
    }

    private async ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        LinkedListNode<TaskCompletionSource> place;
        lock (gate)
        {
            if (inside < limit)
            {
                inside++;
                return;
            }

            place = waiting.AddLast(new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        try
        {
            await place.Value.Task.WaitAsync(Patience, clock, cancellationToken);
        }
        catch (Exception ended) when (ended is TimeoutException or OperationCanceledException)
        {
            GiveUp(place);
            throw ended is TimeoutException ? new StoreBusyException($"Others are still trying to reach Postgres. {reason}") : ended;
        }
    }

    private void GiveUp(LinkedListNode<TaskCompletionSource> place)
    {
        lock (gate)
        {
            if (place.List is not null)
            {
                waiting.Remove(place);
                return;
            }
        }

        // Its turn came at the same moment.
        Leave(null);
    }

    /// <param name="opened">Null: it says nothing of the server.</param>
    private void Leave(bool? opened)
    {
        lock (gate)
        {
            inside--;
            limit = opened switch
            {
                true => limit < Enough ? limit * 2 : int.MaxValue,
                false => 1,
                null => limit,
            };
            while (inside < limit && waiting.First is { } next)
            {
                waiting.RemoveFirst();
                inside++;
                next.Value.SetResult();
            }
        }
    }
}
