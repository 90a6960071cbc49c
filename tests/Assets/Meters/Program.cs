using System.Data.Common;
using FlowPlatform.Hosting;
using FlowPlatform.Stores;
using FlowPlatform.Tests.Meters;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

// Writes the data that tests/Platform.Tests/Upgrade opens: Meters DIR [--poison] [--postgres CONNECTION]. It is run in a checkout of the version whose data is wanted, with this folder copied into it.
// 9 readings are applied; with --poison, one more parks its key, and another one waits behind it; and 3 readings are decided, but not published.
var (directory, poison) = (args[0], args.Contains("--poison"));
var database = Array.IndexOf(args, "--postgres") is >= 0 and var at ? args[at + 1] : null;
var noon = new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);
using (var host = MeterFlow.Build(directory, database: database))
{
    await host.StartAsync();
    var store = host.Services.GetRequiredService<IServiceStore>();
    for (var number = 1; number <= 9; number++)
    {
        await ReadAsync(store, $"meter-{number % 3}", number, number);
    }

    if (poison)
    {
        await ReadAsync(store, "meter-0", -5, 10);
        await ReadAsync(store, "meter-0", 7, 11);
    }

    var readings = poison ? 11 : 9;
    await UntilAsync(() => store.OpenReadAsync(default), "SELECT coalesce(sum(readings), 0) FROM bill", readings);
    await UntilAsync(() => host.Services.GetRequiredService<ProjectionReader<UnitsByMeter>>().OpenAsync(default), "SELECT coalesce(sum(readings), 0) FROM units", 9);
    await UntilAsync(() => store.OpenReadAsync(default), "SELECT coalesce(sum(confirmed), 0) FROM flow_outbox_head", 2 * readings);
    if (poison)
    {
        await UntilAsync(() => host.Services.GetRequiredService<ProjectionReader<UnitsByMeter>>().OpenAsync(default), "SELECT coalesce(sum(events), 0) FROM flow_parked_key", 2);
    }

    await host.StopAsync();
    await ((IAsyncDisposable)host).DisposeAsync();
}

using (var stopped = MeterFlow.Build(directory, database: database))
{
    // Without a runtime nothing is published.
    var store = stopped.Services.GetRequiredService<IServiceStore>();
    await store.OpenAsync(default);
    for (var number = 1; number <= 3; number++)
    {
        await ReadAsync(store, $"meter-{number}", 100, 20 + number);
    }

    await ((IAsyncDisposable)stopped).DisposeAsync();
}

Task<string> ReadAsync(IServiceStore store, string meter, int units, int minute) =>
    store.WriteAsync(transaction => ValueTask.FromResult(transaction.Emit(new MeterRead(meter, units), noon.AddMinutes(minute))), default);

static async Task UntilAsync(Func<ValueTask<DbConnection>> open, string sql, long expected)
{
    using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
    while (await timer.WaitForNextTickAsync())
    {
        await using var connection = await open();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The statements are above.
        command.CommandText = sql;
#pragma warning restore CA2100
        if (Convert.ToInt64(await command.ExecuteScalarAsync(), System.Globalization.CultureInfo.InvariantCulture) == expected)
        {
            return;
        }
    }
}
