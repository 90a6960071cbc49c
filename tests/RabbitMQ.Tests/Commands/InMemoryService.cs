using FlowPlatform.Commands;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.Commands;
using FlowPlatform.Storage;
using FlowPlatform.Stores;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.RabbitMQ.Tests.Commands;

/// <summary>A service on the embedded log, with its real store: its commands are in memory. Stop it and start another on the same directory: a restart.</summary>
internal sealed class InMemoryService : IAsyncDisposable
{
    private readonly IHost host;

    private InMemoryService(IHost host) => this.host = host;

    public IServiceStore Store => host.Services.GetRequiredService<IServiceStore>();

    public IEventLog Log => host.Services.GetRequiredService<IEventLog>();

    public ICommandBus Bus => host.Services.GetRequiredService<ICommandBus>();

    public static async Task<InMemoryService> StartAsync(string directory, Outside outside, TimeSpan? maxStay = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection(
        [
            new("FLOW_DATA", Path.Combine(directory, "store")),
            new("ConnectionStrings:embedded-log", Path.Combine(directory, "log")),
            new("ConnectionStrings:rabbitmq", "amqp://nobody:nothing@127.0.0.1:1"),
        ]);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(outside);
        builder.AddFlow("tests", flow => flow.UseStore().UseRabbitMq().Command<Work, string, WorkHandler>());
        if (maxStay is { } stay)
        {
            builder.Services.AddSingleton<CommandTransport>(new InMemoryTransport(64) { MaxStay = stay });
        }

        var service = new InMemoryService(builder.Build());
        await service.host.StartAsync(TestContext.Current.CancellationToken);
        return service;
    }

    /// <summary>Decides, as an HTTP request would, that work is to be done.</summary>
    public Task DecideAsync(params string[] work) => Store.WriteAsync(
        transaction =>
        {
            foreach (var what in work)
            {
                transaction.Send(new Work(what), new Cause("tests", what, DateTimeOffset.UnixEpoch));
            }

            return ValueTask.FromResult(true);
        },
        TestContext.Current.CancellationToken);

    public Task<long> CountUnhandledAsync() => Store.Outbox.CountCommandsAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await host.StopAsync(CancellationToken.None);
        await ((IAsyncDisposable)host).DisposeAsync();
    }
}
