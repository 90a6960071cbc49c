using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Storage;
using FlowPlatform.Stores;

namespace FlowPlatform.EndToEnd.Tests.Claims;

internal abstract record MetersEvent;

/// <summary>An electricity meter was read.</summary>
[Event("meters.read.v1", Key = nameof(Meter))]
internal sealed record MeterRead(string Meter, string District, long WattHours) : MetersEvent;

internal abstract record AlarmsEvent;

/// <summary>A reading was noticed.</summary>
[Event("alarms.raised.v1", Key = nameof(Meter))]
internal sealed record AlarmRaised(string Meter, long WattHours) : AlarmsEvent;

/// <summary>For the display: the newest reading of each meter. The consumer that tests put things in the way of.</summary>
internal sealed class LatestReading : Projection
{
    public LatestReading(Obstacle obstacle)
    {
        Parks = obstacle.Parks;
        MaxBatch = obstacle.MaxBatch;
        On<MeterRead>(async (read, context) =>
        {
            await obstacle.PassAsync(read);
            await context.ExecuteAsync(
                """
                INSERT INTO latest (meter, watt_hours, readings) VALUES (@Meter, @WattHours, 1)
                ON CONFLICT (meter) DO UPDATE SET watt_hours = excluded.watt_hours, readings = latest.readings + 1
                """,
                read);
        });
    }
}

/// <summary>For the planners: what each district uses. Another purpose, another form, the same stream.</summary>
internal sealed class DistrictLoad : Projection
{
    public DistrictLoad() => FoldBy<string, DistrictRow>(LoadAsync, SaveAsync)
        .On<MeterRead>((read, _) => read.District, static (row, read, _) => row.Add(read.WattHours));

    private static async Task<IEnumerable<KeyValuePair<string, DistrictRow>>> LoadAsync(IStoreScope scope, IReadOnlyCollection<string> districts)
    {
        var rows = await scope.QueryAsync<DistrictRow>(
            $"SELECT district AS District, watt_hours AS WattHours, readings AS Readings FROM load WHERE district IN {JsonRows.Values(scope.Connection, "districts")}",
            new { districts = JsonRows.Of(districts) });
        return rows.Select(row => KeyValuePair.Create(row.District, row));
    }

    private static Task SaveAsync(IStoreScope scope, IReadOnlyCollection<KeyValuePair<string, DistrictRow>> rows) => scope.ExecuteAsync(
        """
        INSERT INTO load (district, watt_hours, readings) VALUES (@District, @WattHours, @Readings)
        ON CONFLICT (district) DO UPDATE SET watt_hours = excluded.watt_hours, readings = excluded.readings
        """,
        rows.Select(pair => pair.Value.Under(pair.Key)));
}

internal sealed class DistrictRow
{
    public string District { get; private set; } = "";

    public long WattHours { get; private set; }

    public long Readings { get; private set; }

    public void Add(long wattHours) => (WattHours, Readings) = (WattHours + wattHours, Readings + 1);

    public DistrictRow Under(string district)
    {
        District = district;
        return this;
    }
}

/// <summary>Decides about every reading.</summary>
internal sealed class RaiseAlarms : Reactor
{
    public RaiseAlarms(Obstacle obstacle) => On<MeterRead>(async (read, context) =>
    {
        await obstacle.PassAsync(read);
        context.Emit(new AlarmRaised(read.Meter, read.WattHours));
    });
}

/// <summary>What a test puts in the way of a service's <see cref="LatestReading"/> and <see cref="RaiseAlarms"/>: they hang in it, inside their transaction, or fail.</summary>
internal sealed class Obstacle
{
    private readonly TaskCompletionSource reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource cleared = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public bool Parks { get; init; } = true;

    public int MaxBatch { get; init; } = 2_000;

    /// <summary>Hangs at every event until it is cleared.</summary>
    public bool Hangs { get; init; }

    /// <summary>The meter whose readings can't be applied.</summary>
    public string? Poison { get; init; }

    /// <summary>Completes when the consumer hangs.</summary>
    public Task Reached => reached.Task;

    /// <summary>True once it may go on.</summary>
    public bool IsCleared => cleared.Task.IsCompleted;

    public void Clear() => cleared.TrySetResult();

    public async Task PassAsync(MeterRead read)
    {
        if (read.Meter == Poison)
        {
            throw new InvalidOperationException($"{Poison} can't be read.");
        }

        if (Hangs)
        {
            reached.TrySetResult();
            await cleared.Task;
        }
    }
}
