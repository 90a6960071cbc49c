using FlowPlatform.Stores;

namespace FlowPlatform.Consumers.Sharing;

/// <summary>A unit that this replica could own. Written by the rounds and by the one who holds it; safe for concurrent use.</summary>
internal sealed class LeaseSlot(LeaseUnit unit)
{
    private volatile LeaseHold? hold;
    private volatile bool isFree;
    private volatile string? fault;

    public LeaseUnit Unit => unit;

    /// <summary>As of the latest round it should belong to this replica, and nobody else has it.</summary>
    public bool IsToTake
    {
        get => isFree;
        set => isFree = value;
    }

    public LeaseHold? Hold
    {
        get => hold;
        set => hold = value;
    }

    /// <summary>Why its holder has stopped, until that is written down.</summary>
    public string? Fault
    {
        get => fault;
        set => fault = value;
    }

    /// <summary>Compares with what a round has read.</summary>
    public void Observe(Lease? lease, string me, string? shareOf, bool held)
    {
        IsToTake = shareOf == me && (lease is null || !held || lease.Owner == me);
        if (Hold is not { } mine || lease is null || lease.Epoch < mine.Epoch)
        {
            return; // Read before it was taken.
        }

        if (lease.Epoch > mine.Epoch || lease.Owner != me)
        {
            mine.Lose();
        }
        else if (shareOf is not null && shareOf != me)
        {
            mine.LetGo();
        }
    }
}
