using Dapper;
using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.RabbitMQ.Tests.Hostile;

[Event("meters.read.v1", Key = nameof(Meter))]
internal sealed record MeterRead(string Meter, long Value);

/// <summary>Sums by meter. The row in <c>applied</c> makes a second application of the same event fail loudly.</summary>
internal sealed class Tally : Projection
{
    public Tally() => On<MeterRead>(async (read, context) =>
    {
        await context.Connection.ExecuteAsync("INSERT INTO applied (event_id) VALUES (@Id)", new { context.Record.Event.Id });
        await context.Connection.ExecuteAsync(
            "INSERT INTO tally (meter, total, events) VALUES (@Meter, @Value, 1) ON CONFLICT (meter) DO UPDATE SET total = total + excluded.total, events = events + 1", read);
    });
}

/// <summary>A service with one projection of the stream <c>meters</c>, in the real runtime, on a log that the test gives it.</summary>
internal sealed class MeterService : IAsyncDisposable
{
    private readonly IHost host;

    private MeterService(IHost host) => this.host = host;

    public FlowMonitor Monitor => host.Services.GetRequiredService<FlowMonitor>();

    public static async Task<MeterService> StartAsync(RabbitMqEventLogOptions options, string directory)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("FLOW_DATA", directory)]);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<IEventLog>(new RabbitMqEventLog(options, TimeProvider.System));
        builder.AddFlow("metering", flow => flow.UseStore(typeof(MeterService).Assembly).Projection<Tally>("meters"));
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new MeterService(host);
    }

    public static EventEnvelope Read(long sequence, byte[]? data = null) => Sample.Event(sequence, "m", "meters.read.v1", data ?? FlowJson.Serialize(new MeterRead("m", 1)));

    /// <summary>The one partition's row of <c>/flow/status</c>; null while there is none.</summary>
    public async Task<ConsumerPartitionStatus?> StatusAsync() => (await Monitor.GetStatusAsync(TestContext.Current.CancellationToken)).Consumers is [var only] ? only : null;

    public async Task<(long Total, long Events)> TallyAsync(string meter = "m")
    {
        await using var connection = await host.Services.GetRequiredService<ProjectionReader<Tally>>().OpenAsync(TestContext.Current.CancellationToken);
        return await connection.QuerySingleOrDefaultAsync<(long, long)>("SELECT total, events FROM tally WHERE meter = @meter", new { meter });
    }

    /// <summary>The next offset as the store has it.</summary>
    public async Task<long> StoredPositionAsync() =>
        (await host.Services.GetRequiredService<FlowRuntime>().StoreOf(typeof(Tally)).Checkpoints.LoadAsync("tally", TestContext.Current.CancellationToken)).Single().Checkpoint.NextOffset;

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)host).DisposeAsync();
    }
}
