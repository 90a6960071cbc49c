using FlowPlatform.Consumers;
using FlowPlatform.Consumers.Sharing;
using FlowPlatform.Hosting;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Runtime;

namespace FlowPlatform.Tests.Sharing;

/// <summary>One replica of a <see cref="SharedBank"/>.</summary>
internal sealed class SharedReplica : IAsyncDisposable
{
    private readonly SharedBank bank;
    private readonly CancellationTokenSource stopping = new();
    private readonly Ownership ownership;
    private readonly TimeProvider clock;
    private readonly ConsumerLoop reactor;
    private readonly List<Task> running;
    private readonly Task sharing;
    private bool ended;

    public SharedReplica(SharedBank bank, string name, TimeProvider clock, Totals totals)
    {
        this.bank = bank;
        Name = name;
        ownership = new Ownership(bank.Leases, name, ["totals", "thank-payers"], clock, stopping.Token);
        this.clock = clock;
        Loop = NewLoop(totals);
        reactor = new ConsumerLoop(new ConsumerDefinition(typeof(ThankPayers), ["accounts"]), new ThankPayers(), bank.Store, bank.Log, clock, ownership, TimeSpan.FromSeconds(30));
        sharing = Task.Run(ownership.RunAsync);
        running = [SuperviseAsync(Loop), SuperviseAsync(reactor)];
    }

    public string Name { get; }

    public ConsumerLoop Loop { get; private set; }

    public Ownership Ownership => ownership;

    /// <summary>Partitions of the projection that it reads.</summary>
    public IReadOnlyList<int> Own => ended ? [] : [.. Loop.Feeds.Select(feed => feed.Cursor.Partition.Index)];

    /// <summary>Partitions that its serial reactor reads.</summary>
    public int OwnOfReactor => reactor.Feeds.Count;

    /// <summary>Runs the projection again, mended, after it has stopped.</summary>
    public void Restart()
    {
        Loop.Dispose();
        Loop = NewLoop(new Totals());
        running.Add(SuperviseAsync(Loop));
    }

    /// <summary>Stops as a service does.</summary>
    public async Task StopAsync()
    {
        if (ended)
        {
            return;
        }

        ended = true;
        await stopping.CancelAsync();
        await Task.WhenAll(running);
        await ownership.LeaveAsync();
        await sharing.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    /// <summary>Ends it so that the leases don't hear of it.</summary>
    public async Task KillAsync()
    {
        CutOff();
        await StopAsync();
    }

    /// <summary>From now on it can't reach the leases, though it can reach everything else.</summary>
    public void CutOff()
    {
        var before = bank.Leases.Away;
        bank.Leases.Away = member => member.StartsWith(Name + "/", StringComparison.Ordinal) || before(member);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Loop.Dispose();
        reactor.Dispose();
        ownership.Dispose();
        stopping.Dispose();
    }

    private ConsumerLoop NewLoop(Totals totals) =>
        new(new ConsumerDefinition(typeof(Totals), ["accounts"]), totals, bank.Projection, bank.Log, clock, ownership, TimeSpan.FromSeconds(30));

    private Task SuperviseAsync(ConsumerLoop loop) => Task.Run(async () =>
    {
        try
        {
            await loop.RunAsync(stopping.Token);
        }
        catch (Exception stopped) when (!stopping.IsCancellationRequested)
        {
            loop.Fail(stopped);
        }
        catch (OperationCanceledException)
        {
            return;
        }
    });
}
