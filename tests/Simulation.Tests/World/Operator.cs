using FlowPlatform.Consumers;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Outbox;
using FlowPlatform.Stores;

namespace FlowPlatform.Simulation;

/// <summary>Does what people do: adopts a log, accepts a gap, redrives and discards what is parked, each with the platform's own verbs, and again if it did not succeed.</summary>
internal sealed class Operator(World world)
{
    private const string Name = "operator";
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(1);

    /// <summary>Something has stopped, as it should; somebody looks at it after a while.</summary>
    public void Notice(Process process, string what, Exception failed)
    {
        if (failed is LogIdentityException { Case: LogIdentityCase.PartitionCountChanged })
        {
            return;
        }

        After(process, TimeSpan.FromSeconds(world.Machine.Dice.Between(1, 6)), () => MendAsync(process, what, failed));
    }

    /// <summary>Asks to redrive or to discard everything of a consumer, through some replica.</summary>
    public void Ask(Process process, ParkingVerb verb, string consumer) => process.Do(async () =>
    {
        // Counted before it is answered: who is killed meanwhile may have written it down.
        world.Faults.Count($"tried to {verb}");
        try
        {
            var asked = await process.Parking.RequestAsync(verb, new ParkingTarget(consumer), Name, null, CancellationToken.None);
            if (asked.Count > 0)
            {
                world.Faults.Count(verb == ParkingVerb.Redrive ? "redrive" : "discard");
                world.Machine.Trace.Say($"operator: asks {consumer} to {verb} {asked.Count} keys");
            }
        }
        catch (Exception passing) when (passing is StoreBusyException or CommitOutcomeUnknownException)
        {
            world.Machine.Trace.Say($"operator: {passing.Message}");
        }
    });

    private void After(Process process, TimeSpan time, Func<Task> mend) => world.Machine.After(time, () =>
    {
        if (world.Processes.GetValueOrDefault(process.Name) == process && !process.IsStopping)
        {
            process.Do(mend);
        }
    });

    private static bool IsStopped(Process process, string what) =>
        (process.Runtime.Loops.FirstOrDefault(loop => loop.Consumer.Name == what) is { } loop ? loop.Failure : process.Runtime.Relay?.Failure) is not null;

    private async Task MendAsync(Process process, string what, Exception failed)
    {
        try
        {
            if (failed is OutboxIdentityException)
            {
                var adopted = await process.Repair.AdoptAsync(Name, "simulated", CancellationToken.None);
                world.Machine.Trace.Say($"operator: {process.Name} goes on as {adopted.To}, {adopted.Beyond} beyond, {adopted.PublishedAgain} published again");
                world.Faults.Count("adopted");
            }
            else
            {
                var partition = failed is SequenceHoleException hole ? hole.Partition : ((LogIdentityException)failed).Partition;
                var accepted = await process.Repair.AcceptGapAsync(what, partition, Name, "simulated", CancellationToken.None);
                world.Machine.Trace.Say($"operator: {what} of {process.Name} goes on: {accepted.Detail}");
                world.Faults.Count("accepted gap");
            }

            process.Repaired(what);
        }
        catch (Exception passing) when (passing is EventLogUnavailableException or StreamNotFoundException or StoreBusyException or CommitOutcomeUnknownException or OwnershipLostException)
        {
            world.Machine.Trace.Say($"operator: {passing.Message}");
            After(process, Again, () => MendAsync(process, what, failed));
        }
        catch (RepairRefusedException refused)
        {
            world.Machine.Trace.Say($"operator: {refused.Message}");
            if (!IsStopped(process, what))
            {
                // An attempt before this one repaired it and was not told so, or somebody else has it.
                process.Repaired(what);
            }
        }
    }
}
