using BankReplica;
using FlowPlatform.Hosting;
using FlowPlatform.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// A replica of a service that sums payments (a projection), thanks payers (a serial reactor) and counts them (a keyed one). Stores and log are the environment's; it says its URL.
var builder = WebApplication.CreateBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.WebHost.UseUrls("http://127.0.0.1:0");
builder.AddFlow("bank", flow => flow
    .UseStore()
    .Publishes<ThanksEvent>("thanks", partitions: 2)
    .Projection<Sums>("payments")
    .Reactor<Thanker>("payments")
    .Reactor<Counter>("payments"));
var app = builder.Build();
app.MapGet("/flow/status", (FlowMonitor monitor, CancellationToken cancellationToken) => monitor.GetStatusAsync(cancellationToken));
app.MapHealthChecks("/health");
await app.StartAsync();
Console.WriteLine(app.Urls.First());
await app.WaitForShutdownAsync();
