using FlowPlatform.Stores;

namespace FlowPlatform.Consumers.Sharing;

/// <summary>One time of owning a unit, from the take until it is given back or lost. Safe for concurrent use.</summary>
internal sealed class LeaseHold : IDisposable
{
    private readonly Membership? member;
    private readonly CancellationTokenSource ending;
    private readonly Lock gate = new();
    private volatile bool lost;
    private bool disposed;

    /// <summary>Creates it.</summary>
    /// <param name="unit">What is owned.</param>
    /// <param name="epoch">The epoch that fences former owners out; 0 where nothing is shared.</param>
    /// <param name="member">As whom; null where nothing is shared.</param>
    /// <param name="stopping">Ends it.</param>
    public LeaseHold(LeaseUnit unit, long epoch, Membership? member, CancellationToken stopping)
    {
        this.member = member;
        Unit = unit;
        Epoch = epoch;
        ending = member is null ? CancellationTokenSource.CreateLinkedTokenSource(stopping) : CancellationTokenSource.CreateLinkedTokenSource(stopping, member.Over);
        Ending = ending.Token;
    }

    public LeaseUnit Unit { get; }

    public long Epoch { get; }

    /// <summary>The owner should come to an end with it: another is to have it, it is lost, or the service stops.</summary>
    public CancellationToken Ending { get; }

    /// <summary>Somebody may have it by now: write nothing more.</summary>
    public bool IsLost => lost || member is { IsOver: true };

    public void LetGo()
    {
        lock (gate)
        {
            if (!disposed)
            {
                ending.Cancel();
            }
        }
    }

    public void Lose()
    {
        lost = true;
        LetGo();
    }

    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            ending.Dispose();
        }
    }
}
