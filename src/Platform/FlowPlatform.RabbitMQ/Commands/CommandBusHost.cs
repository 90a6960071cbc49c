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
/// Owns MassTransit's bus: a queue and a consumer per command that the service handles. Starting it never holds the host up: without a broker it tries on in the background. A bus lives as long as its
/// connection; after that there is a new one, for what MassTransit and RabbitMQ's client do by themselves leaves some queues without a consumer, now and then and for ever, while the bus says that it is
/// healthy. Safe for concurrent use.
/// </summary>
internal sealed partial class CommandBusHost : IHostedLifecycleService, IHealthCheck, IAsyncDisposable
{
    /// <summary>The broker may be away that long before health turns red.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>How long calls that are under way may go on when the service stops.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(3);

    /// <summary>For a bus that was reached to have all its queues.</summary>
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);

    /// <summary>For a bus whose connection is lost to end; what hangs in it is left behind.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(10);

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
    private volatile TaskCompletionSource<ConnectedBus> ready = NotReady();
    private DateTimeOffset waitingSince;
    private bool disposed;
    private Task running = Task.CompletedTask;
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
        waitingSince = clock.GetUtcNow();
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (definition.AllCommands.Count > 0)
        {
            LogContext.ConfigureCurrentLogContext(loggers);
            running = Task.Run(RunAsync, CancellationToken.None);
        }

        return Task.CompletedTask;
    }

    /// <summary>The bus once every queue of this service is declared and its consumer there (rule M1).</summary>
    /// <exception cref="EventLogUnavailableException">Not within the limit.</exception>
    public async Task<ConnectedBus> WhenReadyAsync(CancellationToken cancellationToken)
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
        if (definition.AllCommands.Count == 0)
        {
            return HealthCheckResult.Healthy();
        }

        if (!ready.Task.IsCompletedSuccessfully)
        {
            var reason = $"The command queues at {transport} are not ready. {waitingFor}";
            return clock.GetUtcNow() - waitingSince > Patience ? HealthCheckResult.Unhealthy(reason) : HealthCheckResult.Degraded(reason);
        }

        var health = (await ready.Task).Bus.CheckHealth();
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
            await running.WaitAsync(cancellationToken);
            if (ready.Task.IsCompletedSuccessfully)
            {
                await (await ready.Task).Bus.StopAsync(cancellationToken).WaitAsync(cancellationToken);
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

    private static TaskCompletionSource<ConnectedBus> NotReady() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private IBusControl Create(Action lost) => transport.CreateBus($"{definition.Service} commands", lost, factory =>
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

    private async Task RunAsync()
    {
        var ending = Task.CompletedTask;
        while (await ConnectAsync() is { } connected)
        {
            ready.SetResult(connected);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(connected.Lost, stopping.Token);
            await Task.Delay(Timeout.InfiniteTimeSpan, clock, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stopping.IsCancellationRequested)
            {
                break;
            }

            (waitingFor, waitingSince) = ("Their connection was lost.", clock.GetUtcNow());
            ready = NotReady();
            LogLost(transport.ToString());
            await ending;
            ending = EndAsync(connected.Bus);
        }

        await ending;
    }

    /// <summary>Tries until there is a bus with all its queues.</summary>
    /// <returns>Null when the service stops.</returns>
    private async Task<ConnectedBus?> ConnectAsync()
    {
        for (var failures = 1; !stopping.IsCancellationRequested; failures++)
        {
            var lost = new CancellationTokenSource();
            IBusControl? bus = null;
            try
            {
                await transport.ProbeAsync(stopping.Token);
                // Not on the thread that reads: who hears of it may go on at once, and for long.
                bus = Create(() => _ = lost.CancelAsync());
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(stopping.Token, lost.Token);
                limit.CancelAfter(StartLimit);
                await bus.StartAsync(limit.Token).WaitAsync(limit.Token);
                return new ConnectedBus(bus, lost.Token);
            }
            catch (Exception failed)
            {
                if (bus is not null)
                {
                    await EndAsync(bus);
                }

                if (stopping.IsCancellationRequested)
                {
                    LogGivenUp(failed);
                    return null;
                }

                waitingFor = failed is OperationCanceledException ? "They were reached, but not ready in time." : failed.GetBaseException().Message;
                LogNotStarted(transport.ToString(), waitingFor);
            }

            await Task.Delay(RetryDelay.After(failures), clock, stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return null;
    }

    /// <summary>Of a bus without a connection; what was not answered is delivered again.</summary>
    private async Task EndAsync(IBusControl bus)
    {
        using var limit = new CancellationTokenSource(EndLimit, clock);
        try
        {
            await bus.StopAsync(limit.Token).WaitAsync(limit.Token);
        }
        catch (Exception hung)
        {
            LogLeftBehind(hung, transport.ToString());
        }
    }

    [LoggerMessage(1, LogLevel.Warning, "Commands can't reach {Address}, trying on: {Reason}")]
    private partial void LogNotStarted(string address, string reason);

    [LoggerMessage(2, LogLevel.Debug, "The service stopped before the command bus had started")]
    private partial void LogGivenUp(Exception reason);

    [LoggerMessage(4, LogLevel.Warning, "The connection for commands to {Address} was lost; another is made")]
    private partial void LogLost(string address);

    [LoggerMessage(5, LogLevel.Debug, "A command bus without a connection to {Address} did not end in time and is left behind")]
    private partial void LogLeftBehind(Exception reason, string address);

    [LoggerMessage(3, LogLevel.Warning, "The command bus at {Address} did not stop in time and is abandoned: commands under way stay in their queues")]
    private partial void LogNotStopped(string address);
}
