using System.Collections.Immutable;
using Dapper;
using FlowPlatform.Consumers;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Stores;
using FlowPlatform.Testing.Running;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FlowPlatform.Testing;

/// <summary>
/// A service under test: its real runtime, projections, reactors and command handlers on the embedded log and a temporary SQLite store, with virtual time and no broker.
/// What it waits for has a limit in real time, and failures say how every consumer stands. Safe for concurrent use, but for restarting and disposing.
/// </summary>
public sealed partial class FlowTest : IAsyncDisposable
{
    private readonly ServiceSource source;
    private readonly IEventLog log;
    private readonly ObservedLog observed;
    private readonly CommandQueue queue = new();
    private ImmutableHashSet<string> mayStop = ImmutableHashSet.Create<string>(StringComparer.Ordinal);
    private IHost? host;
    private HttpClient? client;

    private FlowTest(ServiceSource source, IEventLog log)
    {
        this.source = source;
        this.log = log;
        observed = new ObservedLog(log);
        outsiders = new Outsiders(log);
    }

    /// <summary>The service's clock: see <see cref="VirtualClock"/>.</summary>
    public VirtualClock Clock => source.Clock;

    /// <summary>The service's container.</summary>
    public IServiceProvider Services => host?.Services ?? throw new ObjectDisposedException(nameof(FlowTest));

    /// <summary>The service's main store.</summary>
    public IServiceStore Store => Services.GetRequiredService<IServiceStore>();

    /// <summary>A client of the service's HTTP API, on a free port of the loopback. Another one after a restart.</summary>
    /// <exception cref="FlowTestException">The service serves no HTTP: it was started from its flow alone.</exception>
    public HttpClient Client => LazyInitializer.EnsureInitialized(
        ref client,
        // Who asks whether a body is wanted (Expect: 100-continue) gets the answer, however slow the machine is: after the default of 1 s the body would go out, and its refusal may be lost with the connection.
        () => new HttpClient(new SocketsHttpHandler { Expect100ContinueTimeout = TestRun.Limit }) { BaseAddress = new Uri(AddressOf(Services)) });

    /// <summary>While true the service can't reach the log, as when the broker is down: it decides on, into its outbox. Events given meanwhile arrive when the log is back.</summary>
    public bool LogAway
    {
        get => observed.Away;
        set => observed.Away = value;
    }

    private FlowDefinition Definition => Services.GetRequiredService<FlowDefinition>();

    /// <summary>Starts a service that is only a flow.</summary>
    /// <param name="service">Its name.</param>
    /// <param name="declare">Declares streams, projections, reactors and commands, as its <c>Program.cs</c> does, but neither store nor log.</param>
    /// <param name="configure">Sets options.</param>
    public static Task<FlowTest> StartAsync(string service, Action<FlowBuilder> declare, Action<FlowTestOptions>? configure = null) => StartAsync(ServiceSource.Of(service, declare, configure));

    /// <summary>Starts a whole service, HTTP API included.</summary>
    /// <param name="build">Builds it from arguments, with the store and log that its second parameter chooses; e.g. <c>OrdersApp.Build</c>.</param>
    /// <param name="configure">Sets options.</param>
    public static Task<FlowTest> StartAsync<THost>(Func<string[], Action<FlowBuilder>, THost> build, Action<FlowTestOptions>? configure = null)
        where THost : IHost => StartAsync(ServiceSource.Of(build, configure));

    /// <summary>Stops the service and starts it again over the same store, log and command queues.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    /// <summary>Reads rows of a projection's tables.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<TProjection, T>(string sql, object? parameters = null)
        where TProjection : Projection
    {
        await using var connection = await Services.GetRequiredService<ProjectionReader<TProjection>>().OpenAsync(TestRun.Cancellation());
        return (await connection.QueryAsync<T>(sql, parameters)).AsList();
    }

    /// <summary>Reads rows of the main store, where reactors and decisions keep theirs.</summary>
    public async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters = null)
    {
        await using var connection = await Store.OpenReadAsync(TestRun.Cancellation());
        return (await connection.QueryAsync<T>(sql, parameters)).AsList();
    }

    /// <summary>Stops the service and deletes everything that it left.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await StopAsync();
        }
        finally
        {
            await outsiders.DisposeAsync();
            await observed.DisposeAsync();
            source.Dispose();
        }
    }

    private static async Task<FlowTest> StartAsync(ServiceSource source)
    {
        FlowTest? flow = null;
        try
        {
            flow = new FlowTest(source, source.OpenLog());
            await flow.StartAsync();
            return flow;
        }
        catch
        {
            await (flow?.DisposeAsync() ?? ValueTask.CompletedTask);
            source.Dispose();
            throw;
        }
    }

    private async Task StartAsync()
    {
        host = source.Build(observed, source.Options.HandleCommands ? queue : null);
        foreach (var stream in Definition.Consumers.SelectMany(consumer => consumer.Streams).Distinct().Where(stream => !Publishes(stream)))
        {
            await log.EnsureStreamAsync(new StreamDefinition(stream, source.Options.Partitions.TryGetValue(stream, out var partitions) ? partitions : 3), TestRun.Cancellation());
        }

        await host.StartAsync(TestRun.Cancellation());
    }

    private async Task StopAsync()
    {
        client?.Dispose();
        client = null;
        if (host is not { } running)
        {
            return;
        }

        host = null;
        using var limit = new CancellationTokenSource(source.Options.Limit);
        try
        {
            await running.StopAsync(limit.Token);
            await ((IAsyncDisposable)running).DisposeAsync().AsTask().WaitAsync(limit.Token);
        }
        catch (Exception late) when (limit.IsCancellationRequested)
        {
            // It can't be disposed of either: what is under way would be waited for, for ever.
            throw new FlowTestException($"The service does not stop within {source.Options.Limit.TotalSeconds:0.##} s: a handler, or a hosted service of its own, does not come back.", late);
        }
    }

    private bool Publishes(string stream) => Definition.Published.All.Any(published => published.Name == stream);

    private static string AddressOf(IServiceProvider services) =>
        services.GetService<IServer>()?.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault()
            ?? throw new FlowTestException("The service serves no HTTP: start the test with what builds the whole application, e.g. FlowTest.StartAsync(OrdersApp.Build).");
}
