using System.Collections.Concurrent;
using FlowPlatform.Commands;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.Commands;
using FlowPlatform.Stores;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.RabbitMQ.Tests.Commands;

[Command(Name)]
internal sealed record Red(int Round)
{
    public const string Name = "lost-connection.red";
}

[Command(Name)]
internal sealed record Green(int Round)
{
    public const string Name = "lost-connection.green";
}

[Command(Name)]
internal sealed record Blue(int Round)
{
    public const string Name = "lost-connection.blue";
}

[Command(Name)]
internal sealed record White(int Round)
{
    public const string Name = "lost-connection.white";
}

/// <summary>The latest round of which a command was handled, by kind; and room for commands that are on their way, so that the queues stay short.</summary>
internal sealed class Rounds : ConcurrentDictionary<Type, int>
{
    public SemaphoreSlim Room { get; } = new(2_000);
}

internal sealed class RoundHandler<T>(Rounds rounds, Func<T, int> roundOf) : CommandHandler<T, string>
    where T : class
{
    public override Task<string> CallAsync(T command, CommandContext context, CancellationToken cancellationToken) => Task.FromResult("done");

    public override ValueTask ApplyAsync(T command, string outcome, CommandTransaction transaction)
    {
        rounds.Room.Release();
        rounds.AddOrUpdate(typeof(T), roundOf(command), (_, known) => Math.Max(known, roundOf(command)));
        return ValueTask.CompletedTask;
    }
}

/// <summary>A service with four queues on one connection, which is cut while hundreds of commands are being written to it and answered on it.</summary>
public sealed class LostConnectionTests(CommandBroker broker) : IClassFixture<CommandBroker>, IAsyncLifetime
{
    private static readonly string[] Names = [Red.Name, Green.Name, Blue.Name, White.Name];
    private readonly FakeStore store = new();
    private readonly Rounds rounds = new();
    private volatile int round;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        foreach (var name in Names)
        {
            await broker.DeleteAsync(name);
        }

        await store.DisposeAsync();
    }

    [Fact]
    public async Task Every_queue_is_read_again_whatever_was_being_written_when_the_connection_was_lost()
    {
        await using var road = new PortForward(new Uri(broker.AmqpUri).Port);
        road.Open();
        using var host = Build(new UriBuilder(broker.AmqpUri) { Port = road.Port }.Uri.ToString());
        await using var commands = host.Services.GetRequiredService<CommandBusHost>();
        await commands.StartAsync(Cancellation);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var sending = SendUntilAsync(host.Services.GetRequiredService<ICommandBus>(), stop.Token);

        for (var cut = 0; cut < 4; cut++)
        {
            round++;
            await AllAreReadAsync();
            await road.CloseAsync();
            road.Cut();
            await Eventually.ThatAsync("the loss is noticed", async () => (await commands.CheckHealthAsync(null!, Cancellation)).Status != Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy);
            road.Open();
        }

        round++;
        await AllAreReadAsync();
        await stop.CancelAsync();
        await sending;
        await commands.StopAsync(Cancellation);
    }

    private Task AllAreReadAsync() => Eventually.ThatAsync(
        $"commands of round {round} are handled from all queues",
        () => Task.FromResult(rounds.Select(pair => (pair.Key.Name, pair.Value)).ToList()),
        read => read.Count == Names.Length && read.TrueForAll(pair => pair.Value == round));

    /// <summary>As the outbox does: what was not confirmed is sent again, and has the same ids.</summary>
    private async Task SendUntilAsync(ICommandBus bus, CancellationToken stop)
    {
        List<PendingCommand> batch = [];
        while (!stop.IsCancellationRequested)
        {
            try
            {
                while (batch.Count < 240)
                {
                    await rounds.Room.WaitAsync(stop);
                    batch.Add(Command(batch.Count % 4, round));
                }

                await bus.SendAsync(batch, stop);
                batch.Clear();
            }
            catch (Exception failed) when (failed is EventLogUnavailableException or OperationCanceledException)
            {
                continue;
            }
        }
    }

    private static PendingCommand Command(int kind, int round)
    {
        var body = kind switch
        {
            0 => FlowJson.Serialize(new Red(round)),
            1 => FlowJson.Serialize(new Green(round)),
            2 => FlowJson.Serialize(new Blue(round)),
            _ => FlowJson.Serialize(new White(round)),
        };
        return new PendingCommand(Guid.NewGuid(), Names[kind], body, DateTimeOffset.UnixEpoch, "cause", "conversation", null);
    }

    private IHost Build(string amqpUri)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Configuration.AddInMemoryCollection([new("ConnectionStrings:rabbitmq", amqpUri)]);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IServiceStore>(store).AddSingleton(rounds)
            .AddSingleton<Func<Red, int>>(command => command.Round)
            .AddSingleton<Func<Green, int>>(command => command.Round)
            .AddSingleton<Func<Blue, int>>(command => command.Round)
            .AddSingleton<Func<White, int>>(command => command.Round);
        builder.AddFlow("tests", flow => flow.UseRabbitMqCommands()
            .Command<Red, string, RoundHandler<Red>>()
            .Command<Green, string, RoundHandler<Green>>()
            .Command<Blue, string, RoundHandler<Blue>>()
            .Command<White, string, RoundHandler<White>>());
        return builder.Build();
    }
}
