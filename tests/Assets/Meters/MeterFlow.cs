using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using FlowPlatform.Storage;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FlowPlatform.Tests.Meters;

/// <summary>Base of what the service publishes.</summary>
public abstract record MeterEvent;

/// <summary>A meter was read.</summary>
[Event("meters.read.v1", Key = nameof(Meter))]
public sealed record MeterRead(string Meter, int Units) : MeterEvent;

/// <summary>A reading is on the bill.</summary>
[Event("meters.billed.v1", Key = nameof(Meter))]
public sealed record MeterBilled(string Meter, int Units) : MeterEvent;

/// <summary>Whether readings below nothing can be counted.</summary>
public sealed record Tolerance(bool BelowNothing);

/// <summary>A service with a reactor and a projection that every version of the platform can run: data that it wrote with an earlier one is what later ones must open.</summary>
public static class MeterFlow
{
    /// <summary>Name of the service.</summary>
    public const string Service = "meters";

    /// <summary>Builds it over the directories <c>store</c> and <c>log</c> below another one, or over a Postgres database in place of the first. It is not started.</summary>
    public static IHost Build(string directory, bool belowNothing = false, string? database = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["FLOW_DATA"] = Path.Combine(directory, "store"),
            [$"ConnectionStrings:{Service}-db"] = database,
            ["ConnectionStrings:embedded-log"] = Path.Combine(directory, "log"),
        });
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton(new Tolerance(belowNothing));
        builder.AddFlow(Service, flow => flow
            .Publishes<MeterEvent>("meters", partitions: 2)
            .Projection<UnitsByMeter>("meters")
            .Reactor<BillReadings>("meters")
            .UseStore(typeof(MeterFlow).Assembly));
        return builder.Build();
    }
}

/// <summary>Counts readings, and their units, by meter.</summary>
public sealed class UnitsByMeter : Projection
{
    /// <summary>Creates it.</summary>
    public UnitsByMeter(Tolerance tolerance) => On<MeterRead>((read, context) => read.Units >= 0 || tolerance.BelowNothing
        ? context.ExecuteAsync(
            "INSERT INTO units (meter, readings, units) VALUES (@Meter, 1, @Units) ON CONFLICT (meter) DO UPDATE SET readings = units.readings + 1, units = units.units + excluded.units", read)
        : throw new InvalidOperationException($"Meter {read.Meter} runs backwards."));
}

/// <summary>Puts every reading on its meter's bill, and says so.</summary>
public sealed class BillReadings : Reactor
{
    /// <summary>Creates it.</summary>
    public BillReadings() => On<MeterRead>(async (read, context) =>
    {
        await context.ExecuteAsync(
            "INSERT INTO bill (meter, readings, units) VALUES (@Meter, 1, @Units) ON CONFLICT (meter) DO UPDATE SET readings = bill.readings + 1, units = bill.units + excluded.units", read);
        context.Emit(new MeterBilled(read.Meter, read.Units));
    });
}
