using FlowPlatform.Stores;

namespace FlowPlatform.Consumers.Sharing;

/// <summary>A unit that this replica could own. Written by the rounds and by the one who holds it; safe for concurrent use.</summary>
internal sealed class LeaseSlot(LeaseUnit unit)
{
    private volatile LeaseHold? hold;
    private volatile bool toTake;
    private volatile bool toRelease;
    private volatile bool kept;
    private volatile string? fault;

    public LeaseUnit Unit => unit;

    /// <summary>As of the latest round it should belong to this replica, and nobody else has it.</summary>
    public bool IsToTake
    {
        get => toTake;
        set => toTake = value;
    }

    /// <summary>As of the latest round it belongs to this replica, which doesn't work on it, and should be another's.</summary>
    public bool IsToRelease
    {
        get => toRelease;
        set => toRelease = value;
    }

    public LeaseHold? Hold
    {
        get => hold;
        set => hold = value;
    }

    /// <summary>The consumer has stopped with it.</summary>
    public bool IsKept => kept;

    /// <summary>Why its holder has stopped, until that is written down.</summary>
    public string? FaultToNote => fault;

    /// <summary>The consumer has stopped in this replica by a fault: the unit stays, for others would come to the same.</summary>
    /// <param name="reason">The fault; null if it is in another unit.</param>
    public void Keep(string? reason)
    {
        kept = true;
        fault = reason;
    }

    public void FaultIsNoted() => fault = null;

    /// <summary>The consumer runs again: what others should have, they get.</summary>
    public void Resume() => (kept, fault) = (false, null);

    /// <summary>Compares with what a round has read.</summary>
    /// <param name="lease">The unit's lease; null if it was not read.</param>
    /// <param name="isHeld">Its owner is there.</param>
    /// <param name="shareOf">Who should have it; null: nobody can.</param>
    /// <param name="me">This replica.</param>
    public void Observe(Lease? lease, bool isHeld, string? shareOf, string me)
    {
        var mine = lease is not null && lease.Owner == me;
        IsToTake = shareOf == me && lease is not null && (mine || !isHeld);
        if (Hold is not { } current)
        {
            IsToRelease = mine && !kept && shareOf != me;
        }
        else if (lease is null || lease.Epoch < current.Epoch)
        {
            return; // Read before it was taken.
        }
        else if (lease.Epoch > current.Epoch || !mine)
        {
            current.Lose();
        }
        else if (shareOf != me)
        {
            current.LetGo();
        }
    }
}
