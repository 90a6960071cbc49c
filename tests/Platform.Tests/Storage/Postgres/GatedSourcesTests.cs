using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using FlowPlatform.Storage.Postgres;
using FlowPlatform.Stores;

namespace FlowPlatform.Tests.Storage.Postgres;

/// <summary>Whatever a service opens on a server that could not be reached, one attempt at a time arrives there.</summary>
public sealed class GatedSourcesTests : IAsyncDisposable
{
    private readonly VirtualClock clock = new(DateTimeOffset.UnixEpoch);
    private readonly StallingServer server = new();
    private readonly PostgresSources main;
    private readonly PostgresSources generation;

    public GatedSourcesTests()
    {
        var gate = new ConnectionGate(clock);
        (main, generation) = (NewSources("main", gate), NewSources("totals_g1", gate));
    }

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        await main.DisposeAsync();
        await generation.DisposeAsync();
    }

    [Fact]
    public async Task Writers_readers_and_connections_of_their_own_wait_for_the_one_that_tries()
    {
        var first = OpenWriterAsync(main);
        await server.HangUpAsync(attempt: 1);
        await Should.ThrowAsync<StoreBusyException>(first);

        // The server neither answers nor hangs up: whoever went past the gate would wait for it.
        var trying = OpenWriterAsync(main);
        await server.HasAsync(attempts: 2);
        List<Task> others = [OpenWriterAsync(main), OpenReaderAsync(main), OpenOwnAsync(main), OpenWriterAsync(generation), OpenReaderAsync(generation), OpenOwnAsync(generation)];
        clock.Advance(TimeSpan.FromSeconds(6));

        foreach (var other in others)
        {
            (await Should.ThrowAsync<StoreBusyException>(other.WaitAsync(TimeSpan.FromSeconds(10), Cancellation))).Message.ShouldStartWith("Others are still trying to reach Postgres.");
        }

        server.Attempts.ShouldBe(2);
        trying.IsCompleted.ShouldBeFalse();
        await server.HangUpAsync(attempt: 2);
        await Should.ThrowAsync<StoreBusyException>(trying);
    }

    private static async Task OpenWriterAsync(PostgresSources sources) => await (await sources.OpenWriterAsync(Cancellation)).DisposeAsync();

    private static async Task OpenReaderAsync(PostgresSources sources) => await (await sources.OpenReaderAsync(Cancellation)).DisposeAsync();

    private static async Task OpenOwnAsync(PostgresSources sources) => await (await sources.OpenOwnAsync(Cancellation)).DisposeAsync();

    private PostgresSources NewSources(string schema, ConnectionGate gate) =>
        new($"Host=127.0.0.1;Port={server.Port};Database=gated;Username=nobody;SSL Mode=Disable", "gated", schema, maxWriters: 5, TimeSpan.FromSeconds(3), gate);

    /// <summary>Takes connections and says nothing.</summary>
    private sealed class StallingServer : IAsyncDisposable
    {
        private readonly TcpListener listener = new(IPAddress.Loopback, 0);
        private readonly ConcurrentDictionary<int, TcpClient> taken = [];
        private readonly CancellationTokenSource stopping = new();
        private readonly Task accepting;

        public StallingServer()
        {
            listener.Start();
            Port = ((IPEndPoint)listener.LocalEndpoint).Port;
            accepting = AcceptAsync();
        }

        public int Port { get; }

        public int Attempts => taken.Count;

        public Task HasAsync(int attempts) => Eventually.ThatAsync($"attempt {attempts} arrives", () => Attempts == attempts);

        public async Task HangUpAsync(int attempt)
        {
            await HasAsync(attempt);
            taken[attempt].Close();
        }

        public async ValueTask DisposeAsync()
        {
            await stopping.CancelAsync();
            listener.Stop();
            await accepting;
            foreach (var (_, client) in taken)
            {
                client.Dispose();
            }

            stopping.Dispose();
        }

        private async Task AcceptAsync()
        {
            try
            {
                for (var attempt = 1; ; attempt++)
                {
                    taken[attempt] = await listener.AcceptTcpClientAsync(stopping.Token);
                }
            }
            catch (Exception ended) when (ended is OperationCanceledException or SocketException)
            {
                return;
            }
        }
    }
}
