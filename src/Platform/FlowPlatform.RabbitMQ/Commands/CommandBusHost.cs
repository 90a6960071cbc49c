using FlowPlatform.Commands;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using MassTransit;
using MassTransit.Logging;
using MassTransit.Middleware;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.RabbitMQ.Commands;

/// <summary>
/// Owns MassTransit's bus: a queue and a consumer per command that the service handles. Starting it never holds the host up: without a broker it tries on in the background, and reconnects later.
/// Safe for concurrent use.
/// </summary>
internal sealed partial class CommandBusHost : IHostedLifecycleService, IHealthCheck, IAsyncDisposable
{
    /// <summary>The broker may be away that long before health turns red.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>How long calls that are under way may go on when the service stops.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    /// <summary>Commands in memory at a time, sent and not handled.</summary>
    private const int MaxInMemory = 4_096;
    private readonly FlowDefinition definition;
    private readonly TimeProvider clock;
    private readonly ILoggerFactory loggers;
    private readonly ILogger logger;
    private readonly CommandTransport transport;
    private readonly SemaphoreSlim? room;
    private readonly CommandConsumer consumer;
    private readonly CancellationTokenSource stopping = new();
    private readonly CancellationTokenSource aborting;
    private readonly TaskCompletionSource<IBusControl> ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DateTimeOffset created;
    private IBusControl? bus;
    private bool disposed;
    private Task starting = Task.CompletedTask;
    private volatile string waitingFor = "It is still connecting.";

    public CommandBusHost(FlowDefinition definition, CommandTransport transport, IServiceProvider services, TimeProvider clock, ILoggerFactory loggers)
    {
        this.definition = definition;
        this.transport = transport;
        room = transport.KeepsCommands ? null : new SemaphoreSlim(MaxInMemory);
        this.clock = clock;
        this.loggers = loggers;
        logger = loggers.CreateLogger<CommandBusHost>();
        aborting = new CancellationTokenSource(Timeout.InfiniteTimeSpan, clock);
        consumer = new CommandConsumer(services, transport, clock, loggers.CreateLogger<CommandConsumer>(), stopping.Token, aborting.Token);
        created = clock.GetUtcNow();
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (definition.AllCommands.Count > 0)
        {
            LogContext.ConfigureCurrentLogContext(loggers);
            bus = Create();
            starting = Task.Run(StartBusAsync, CancellationToken.None);
        }

        return Task.CompletedTask;
    }

    /// <summary>The bus once every queue of this service is declared and its consumer there (rule M1).</summary>
    /// <exception cref="EventLogUnavailableException">Not within the limit.</exception>
    public async Task<IBusControl> WhenReadyAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ready.Task.WaitAsync(transport.Limit, clock, cancellationToken);
        }
        catch (TimeoutException late)
        {
            throw new EventLogUnavailableException($"The command queues at {transport} are not ready. {waitingFor}", late);
        }
    }

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask;
        if (bus is null)
        {
            return HealthCheckResult.Healthy();
        }

        if (!ready.Task.IsCompletedSuccessfully)
        {
            var reason = $"The command queues at {transport} are not ready. {waitingFor}";
            return clock.GetUtcNow() - created > Patience ? HealthCheckResult.Unhealthy(reason) : HealthCheckResult.Degraded(reason);
        }

        var health = bus.CheckHealth();
        return health.Status switch
        {
            BusHealthStatus.Healthy => HealthCheckResult.Healthy(),
            BusHealthStatus.Degraded => HealthCheckResult.Degraded(health.Description),
            _ => HealthCheckResult.Unhealthy(health.Description),
        };
    }

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Calls under way come to their end while the flow stops, not after it.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (!stopping.IsCancellationRequested)
        {
            aborting.CancelAfter(Grace);
            await stopping.CancelAsync();
        }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await StoppingAsync(cancellationToken);
        try
        {
            await starting.WaitAsync(cancellationToken);
            if (ready.Task.IsCompletedSuccessfully)
            {
                await bus!.StopAsync(cancellationToken).WaitAsync(cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Handlers that hang, or a broker that doesn't answer: the connection ends with the process, and what was not answered is delivered again.
            LogNotStopped(transport.ToString());
        }
    }

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>May be called twice: the container knows it as itself and as a hosted service.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref disposed, true))
        {
            return;
        }

        await stopping.CancelAsync();
        await aborting.CancelAsync();
        stopping.Dispose();
        aborting.Dispose();
        room?.Dispose();
    }

    /// <summary>
    /// In memory, waits until there is room for so many: the rest stays in the outbox. On a broker there is always room.
    /// </summary>
    public async Task TakeRoomAsync(int commands, CancellationToken cancellationToken)
    {
        for (var taken = 0; room is not null && taken < commands; taken++)
        {
            try
            {
                await room.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                GiveRoom(taken);
                throw;
            }
        }
    }

    /// <summary>So many are done, or were not sent.</summary>
    public void GiveRoom(int commands)
    {
        if (commands > 0)
        {
            room?.Release(commands);
        }
    }

    private IBusControl Create() => transport.CreateBus($"{definition.Service} commands", factory =>
    {
        foreach (var command in definition.AllCommands)
        {
            factory.ReceiveEndpoint(command.Name, endpoint =>
            {
                transport.Configure(endpoint);
                endpoint.ConfigureConsumeTopology = false;
                endpoint.PublishFaults = false;
                endpoint.PrefetchCount = transport.Concurrency;
                endpoint.ConcurrentMessageLimit = transport.Concurrency;
                endpoint.ConfigureError(error =>
                {
                    error.UseFilter(new HandBackFilter(logger));
                    if (transport.KeepsCommands)
                    {
                        error.UseFilter(new ErrorTransportFilter());
                    }
                });
                endpoint.Handler<CommandMessage>(message => HandleAsync(command, message));
            });
        }
    });

    private async Task HandleAsync(CommandDefinition command, ConsumeContext<CommandMessage> message)
    {
        var isDone = true;
        try
        {
            isDone = await consumer.ConsumeAsync(command, message);
        }
        finally
        {
            GiveRoom(isDone ? 1 : 0);
        }
    }

    private async Task StartBusAsync()
    {
        var failures = 0;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await transport.ProbeAsync(stopping.Token);
                await bus!.StartAsync(stopping.Token);
                ready.TrySetResult(bus);
                return;
            }
            catch (Exception failed) when (!stopping.IsCancellationRequested)
            {
                waitingFor = failed.GetBaseException().Message;
                LogNotStarted(transport.ToString(), waitingFor);
            }
            catch (Exception ended)
            {
                LogGivenUp(ended);
                return;
            }

            await Task.Delay(RetryDelay.After(++failures), clock, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Commands can't reach {Address}, trying on: {Reason}")]
    private partial void LogNotStarted(string address, string reason);

    [LoggerMessage(2, LogLevel.Debug, "The service stopped before the command bus had started")]
    private partial void LogGivenUp(Exception reason);

    [LoggerMessage(3, LogLevel.Warning, "The command bus at {Address} did not stop in time and is abandoned: commands under way stay in their queues")]
    private partial void LogNotStopped(string address);
}
