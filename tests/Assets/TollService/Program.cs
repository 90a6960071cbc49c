using Dapper;
using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using FlowPlatform.Storage;
using FlowPlatform.Stores;

// A service that a test runs as a process of its own: passages of cars are decided on, published and folded. Its projection can't apply passages of the plates that stand in a file (POISON_FILE):
// the test mends it by deleting the file.
var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddFlow("tolls", flow => flow.UseStore().Publishes<Passed>("tolls", partitions: 2).Projection<TollsByPlate>("tolls"));
var app = builder.Build();
app.MapDefaultEndpoints();
app.MapPost("/passages", async (Passed passed, IServiceStore store, CancellationToken cancel) =>
{
    await store.WriteAsync(transaction => ValueTask.FromResult(transaction.Emit(passed, DateTimeOffset.UnixEpoch)), cancel);
    return Results.NoContent();
});
app.MapGet("/tolls", async (ProjectionReader<TollsByPlate> reader, CancellationToken cancel) =>
{
    await using var connection = await reader.OpenAsync(cancel);
    return (await connection.QueryAsync<string>("SELECT plate || ':' || passages || ':' || digits FROM toll ORDER BY plate")).AsList();
});
await app.StartAsync();
Console.WriteLine($"Serving {app.Urls.First()}");
await app.WaitForShutdownAsync();

[Event("tolls.passed.v1", Key = nameof(Plate))]
internal sealed record Passed(string Plate, int Number);

/// <summary>The digits show the order in which passages were applied.</summary>
internal sealed class TollsByPlate : Projection
{
    public TollsByPlate(IConfiguration configuration)
    {
        MaxAttempts = 2;
        On<Passed>(async (passed, context) =>
        {
            if (configuration["POISON_FILE"] is { } file && File.Exists(file) && (await File.ReadAllLinesAsync(file)).Contains(passed.Plate))
            {
                throw new InvalidOperationException("This plate can't be read.");
            }

            await context.ExecuteAsync(
                "INSERT INTO toll (plate, passages, digits) VALUES (@Plate, 1, @digit) ON CONFLICT (plate) DO UPDATE SET passages = passages + 1, digits = digits || excluded.digits",
                new { passed.Plate, digit = $"{passed.Number}" });
        });
    }
}
