using FlowPlatform.Consumers;
using FlowPlatform.Log;

namespace FlowPlatform.Testing.Conforming;

/// <content>One event can't be applied for a while.</content>
internal sealed partial class ConformanceRun
{
    private async Task<bool> PoisonAsync()
    {
        var parks = subject.Create().Parks;
        foreach (var position in positions)
        {
            ThrowIfLate($"poison at {Show(position)}");
            await (parks ? ParkAsync(position) : StopAsync(position));
        }

        return true;
    }

    /// <summary>The key parks, the others flow on, a restart forgets nothing, a redrive mends it.</summary>
    private async Task ParkAsync(int position)
    {
        var (poison, file) = (order[position], await NewFileAsync());
        var life = await StartAsync(subject, file);
        try
        {
            life.Projection.Poison = poison.Event.Id;
            foreach (var batch in Arrival.Cut(order, 10, options.Seed + position))
            {
                await life.ApplyAsync(batch);
            }

            ThrowIfSwallowed(life, poison, position);
            ThrowIfOthersParked(life, position);
            await RequireWithoutAsync(life, poison, position);
            await life.DisposeAsync();
            life = await StartAsync(subject, file);
            await life.RedriveAsync(poison);
            ThrowIfParked(life, $"it was parked for a while, and redriven, at {Show(position)}");
            await RequireAsync(
                life.Store,
                null,
                $"the redrive of poison at {Show(position)} leaves other rows",
                "The events of its key came after later events of other keys. A projection to which their order matters sets Parks = false: it stops at what it can't apply.");
        }
        finally
        {
            await life.DisposeAsync();
        }
    }

    /// <summary>A projection that does not park stops there, and goes on from there when it is mended.</summary>
    private async Task StopAsync(int position)
    {
        var (poison, file) = (order[position], await NewFileAsync());
        var life = await StartAsync(subject, file);
        try
        {
            life.Projection.Poison = poison.Event.Id;
            try
            {
                await life.ApplyAsync(order);
            }
            catch (PoisonEventException stopped) when (stopped.Record.Event.Id == poison.Event.Id)
            {
            }

            ThrowIfSwallowed(life, poison, position);
            await life.DisposeAsync();
            life = await StartAsync(subject, file);
            await life.ApplyAsync(order);
            await RequireAsync(life.Store, null, $"a stop at poison and a start after it was mended, at {Show(position)}, leave other rows", Remembers);
        }
        finally
        {
            await life.DisposeAsync();
        }
    }

    private async Task RequireWithoutAsync(Life life, LogRecord poison, int position)
    {
        var others = order.Where(record => record.Partition != poison.Partition || record.Event.Key != poison.Event.Key || record.Offset < poison.Offset).ToList();
        await using var expected = await Projections.FoldAsync(subject.Create(), Arrival.Cut(others, 60, options.Seed));
        if (await Tables.HashAsync(life.Store) != await Tables.HashAsync(expected.Store))
        {
            throw await FailureAsync(
                expected.Store,
                life.Store,
                $"while poison at {Show(position)} is parked, the other rows are not those of the events without it",
                "What a failed event has done outside its transaction is not undone, or its key is part of others' rows in a way that depends on their order.");
        }
    }

    private void ThrowIfSwallowed(Life life, LogRecord poison, int position)
    {
        if (life.Projection.Swallowed && writing.Contains(poison.Event.Id))
        {
            throw new FlowTestException(
                $"{subject.Name} does not conform: at {Show(position)} the store refused what its handler wrote, and it said nothing (seed {options.Seed}). The event would be taken for applied, and its rows be missing "
                + "for ever. Let the exception out: the event is tried again, then parked with all that follow of its key, and can be redriven.");
        }
    }

    private void ThrowIfOthersParked(Life life, int position)
    {
        if (life.ParkedKeys != 1 || life.Parked?.InnerException is not PoisonedException)
        {
            throw new FlowTestException(
                $"{subject.Name} does not conform: poison at {Show(position)} parks {life.ParkedKeys} keys, where it should park its own alone (seed {options.Seed}): {life.Parked?.InnerException?.Message}",
                life.Parked?.InnerException);
        }
    }
}
