using System.Threading.Channels;
using FlowPlatform.Commands;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using FlowPlatform.RabbitMQ.Commands;
using FlowPlatform.Stores;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.RabbitMQ.Tests.Commands;

[Command(Name)]
internal sealed record Work(string What)
{
    public const string Name = "command-tests.work";
}

/// <summary>Decides what the outside says to an attempt, and reports calls and effects.</summary>
internal sealed class Outside
{
    private readonly Channel<string> effects = Channel.CreateUnbounded<string>();
    private readonly Channel<CommandContext> calls = Channel.CreateUnbounded<CommandContext>();

    public Func<Work, CommandContext, CancellationToken, Task> Answer { get; set; } = (_, _, _) => Task.CompletedTask;

    public void Report(string effect) => effects.Writer.TryWrite(effect);

    public void Report(CommandContext call) => calls.Writer.TryWrite(call);

    public Task<string[]> EffectsAsync(int count) => ReadAsync(effects, count);

    public Task<CommandContext[]> CallsAsync(int count) => ReadAsync(calls, count);

    private static async Task<T[]> ReadAsync<T>(Channel<T> channel, int count)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(3));
        var read = new List<T>();
        while (read.Count < count)
        {
            read.Add(await channel.Reader.ReadAsync(limit.Token));
        }

        return [.. read];
    }
}

internal sealed class WorkHandler(Outside outside) : CommandHandler<Work, string>
{
    public override async Task<string> CallAsync(Work command, CommandContext context, CancellationToken cancellationToken)
    {
        outside.Report(context);
        await outside.Answer(command, context, cancellationToken);
        return command.What;
    }

    public override ValueTask ApplyAsync(Work command, string outcome, CommandTransaction transaction)
    {
        outside.Report(outcome);
        return ValueTask.CompletedTask;
    }
}

/// <summary>The command side of a service, without the rest of its flow.</summary>
internal sealed class CommandService : IAsyncDisposable
{
    private readonly IHost host;

    private CommandService(IHost host) => this.host = host;

    public ICommandBus Bus => host.Services.GetRequiredService<ICommandBus>();

    private CommandBusHost Commands => host.Services.GetRequiredService<CommandBusHost>();

    public static async Task<CommandService> StartAsync(string amqpUri, FakeStore store, Outside outside, TimeSpan? limit = null, TimeSpan? maxStay = null, int nodes = 1)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:rabbitmq", amqpUri), new("FLOW_BROKER_NODES", $"{nodes}")]);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IServiceStore>(store).AddSingleton(outside);
        builder.AddFlow("tests", flow => flow.UseRabbitMqCommands().Command<Work, string, WorkHandler>());
        if (limit is not null || maxStay is not null)
        {
            var settings = CommandBusSettings.Read(builder.Configuration);
            builder.Services.AddSingleton<CommandTransport>(settings with { Limit = limit ?? settings.Limit, MaxStay = maxStay ?? settings.MaxStay });
        }

        var service = new CommandService(builder.Build());
        await service.Commands.StartAsync(TestContext.Current.CancellationToken);
        return service;
    }

    public Task SendAsync(params PendingCommand[] commands) => Bus.SendAsync(commands, TestContext.Current.CancellationToken);

    public Task<HealthCheckResult> CheckHealthAsync() => Commands.CheckHealthAsync(new HealthCheckContext(), TestContext.Current.CancellationToken);

    public static PendingCommand Command(string what) =>
        new(Guid.NewGuid(), Work.Name, FlowJson.Serialize(new Work(what)), DateTimeOffset.UnixEpoch, "cause", "conversation", null);

    public async ValueTask DisposeAsync()
    {
        await Commands.StopAsync(CancellationToken.None);
        await Commands.DisposeAsync(); // and once more by the host, as in a service, where it is registered twice
        await ((IAsyncDisposable)host).DisposeAsync();
    }
}
