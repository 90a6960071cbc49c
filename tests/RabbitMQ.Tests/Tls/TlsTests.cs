using FlowPlatform.Log;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Broker.Checks;
using FlowPlatform.RabbitMQ.StreamProtocol;
using FlowPlatform.RabbitMQ.Tests.Commands;
using FlowPlatform.RabbitMQ.Tests.StreamProtocol;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.RabbitMQ.Tests.Tls;

/// <summary>TLS and EXTERNAL with a real node.</summary>
public sealed class TlsTests(TlsBroker broker) : IClassFixture<TlsBroker>
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_AppHost_checks_before_it_starts_services_takes_the_same_addresses()
    {
        (await BrokerCheck.OnceAsync(broker.AmqpUri, broker.StreamUri, Token)).Version.IsSupported.ShouldBeTrue();
        var unknown = broker.AmqpUri[..broker.AmqpUri.IndexOf('?', StringComparison.Ordinal)];
        (await Should.ThrowAsync<BrokerException>(() => BrokerCheck.OnceAsync(unknown, broker.StreamUri, Token))).Message.ShouldContain("its authority is not trusted");
    }

    [Fact]
    public async Task A_user_with_a_password_gets_in_over_TLS()
    {
        await using var connection = await StreamConnection.ConnectAsync(Options(new TlsOptions { TrustedRoots = broker.Authority.Roots }, SaslMechanism.Plain), Token);
        await RoundTripAsync(connection);
        connection.AdvertisedEndpoint.ShouldBe(broker.Stream, "a node names the port of the protocol that it is asked by");
    }

    [Fact]
    public async Task A_certificate_is_enough_with_EXTERNAL_where_the_broker_can()
    {
        using var user = broker.Authority.IssueClient("flow");
        using var nobody = broker.Authority.IssueClient("nobody");
        var known = Options(new TlsOptions { TrustedRoots = broker.Authority.Roots, ClientCertificate = user }, SaslMechanism.External);
        var unknown = Options(new TlsOptions { TrustedRoots = broker.Authority.Roots, ClientCertificate = nobody }, SaslMechanism.External);
        if (await IsTooOldForExternalAsync())
        {
            (await Should.ThrowAsync<StreamNotSupportedException>(() => StreamConnection.ConnectAsync(known, Token))).Message.ShouldContain("EXTERNAL authentication on the stream protocol needs RabbitMQ 3.12.1");
            return;
        }

        await using var connection = await StreamConnection.ConnectAsync(known, Token);
        await RoundTripAsync(connection);
        (await Should.ThrowAsync<StreamResponseException>(() => StreamConnection.ConnectAsync(unknown, Token))).Code.ShouldBe(StreamResponseCode.AuthenticationFailure);
    }

    [Fact]
    public async Task A_certificate_of_a_strange_authority_is_refused_even_with_a_password()
    {
        using var stranger = new TestAuthority();
        using var forged = stranger.IssueClient("flow");
        var strange = Options(new TlsOptions { TrustedRoots = broker.Authority.Roots, ClientCertificate = forged }, SaslMechanism.Plain);
        await Should.ThrowAsync<StreamConnectionException>(() => StreamConnection.ConnectAsync(strange, Token));
    }

    [Fact]
    public async Task EXTERNAL_without_a_certificate_is_refused_before_anything_is_sent() =>
        (await Should.ThrowAsync<ArgumentException>(() => StreamConnection.ConnectAsync(Options(new TlsOptions(), SaslMechanism.External), Token))).Message.ShouldContain("there is none");

    [Fact]
    public async Task The_wrong_port_is_told_in_either_direction()
    {
        var plain = new StreamEndpoint("localhost", broker.PlainStreamPort);
        await Should.ThrowAsync<StreamTlsException>(() => StreamConnection.ConnectAsync(Options(new TlsOptions { TrustedRoots = broker.Authority.Roots }, SaslMechanism.Plain, plain), Token));
        await Should.ThrowAsync<FlowException>(() => StreamConnection.ConnectAsync(Options(null, SaslMechanism.Plain, broker.Stream), Token));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_log_works_by_connection_strings_alone(bool external)
    {
        // AMQP by certificate works on every version, so an old broker's streams are read with a password.
        var password = external && await IsTooOldForExternalAsync() ? "?auth_mechanism=plain" : string.Empty;
        var stream = password.Length > 0 ? broker.StreamUri.Replace("//", $"//flow:{broker.Password}@", StringComparison.Ordinal) + password : broker.StreamUri;
        await using var services = Services(external ? broker.ExternalAmqpUri : broker.AmqpUri, stream);
        var log = services.GetRequiredService<IEventLog>();
        var definition = new StreamDefinition($"t{Guid.NewGuid():N}"[..20], 1);
        await log.EnsureStreamAsync(definition, Token);
        var partition = new PartitionId(definition.Name, 0);
        await using (var writer = await log.OpenWriterAsync(partition, "tests/1", Token))
        {
            await writer.AppendAsync([Sample.Event(1)], Token);
        }

        await using var reader = await log.OpenReaderAsync(partition, LogPosition.First, Token);
        using var batch = await reader.ReadAsync(Token);
        batch.Records.ShouldHaveSingleItem().Event.Id.ShouldBe("e-1");
    }

    [Fact]
    public async Task The_log_says_which_certificate_it_did_not_take()
    {
        await using var services = Services(broker.AmqpUri.Split('?')[0], broker.StreamUri);
        var log = services.GetRequiredService<IEventLog>();
        (await Should.ThrowAsync<EventLogUnavailableException>(() => log.GetPartitionCountAsync("orders", Token))).InnerException.ShouldBeOfType<StreamTlsException>();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Commands_flow_over_TLS(bool external)
    {
        var store = new FakeStore();
        var outside = new Outside();
        await using var service = await CommandService.StartAsync(external ? broker.ExternalAmqpUri : broker.AmqpUri, store, outside, TimeSpan.FromSeconds(30));
        await service.SendAsync(CommandService.Command($"secure {external}"));
        (await outside.EffectsAsync(1)).ShouldBe([$"secure {external}"]);
    }

    [Fact]
    public async Task Commands_do_not_flow_to_a_broker_whose_certificate_is_not_trusted()
    {
        await using var service = await CommandService.StartAsync(broker.AmqpUri.Split('?')[0], new FakeStore(), new Outside(), TimeSpan.FromSeconds(2));
        var refused = await Should.ThrowAsync<EventLogUnavailableException>(() => service.SendAsync(CommandService.Command("never")));
        refused.Message.ShouldContain("certificate");
        refused.Message.ShouldNotContain(broker.Password);
        (await service.CheckHealthAsync()).Status.ShouldBe(HealthStatus.Degraded);
    }

    private async Task<bool> IsTooOldForExternalAsync()
    {
        await using var connection = await StreamConnection.ConnectAsync(Options(new TlsOptions { TrustedRoots = broker.Authority.Roots }, SaslMechanism.Plain), Token);
        return connection.PeerVersion < new Version(3, 12, 1);
    }

    private static ServiceProvider Services(string amqp, string stream)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(
            [new("ConnectionStrings:rabbitmq", amqp), new("ConnectionStrings:rabbitmq-stream", stream)]).Build());
        services.AddRabbitMqEventLog();
        return services.BuildServiceProvider();
    }

    private static async Task RoundTripAsync(StreamConnection connection)
    {
        var stream = $"t{Guid.NewGuid():N}"[..20];
        await connection.CreateStreamAsync(stream, new Dictionary<string, string>(), Token);
        var published = new PublishLog();
        var publisher = await connection.DeclarePublisherAsync(stream, null, published, Token);
        using (var frame = new PublishFrame(200_000))
        {
            frame.Add(1, 100_000).Fill((byte)'x');
            await publisher.PublishAsync(frame, Token);
        }

        await published.ConfirmedAsync(1);
        var chunks = new ChunkLog();
        await connection.SubscribeAsync(stream, StreamOffset.First, 1, chunks, Token);
        (await chunks.NextAsync()).ShouldHaveSingleItem().ShouldBe($"0:{new string('x', 100_000)}");
        await connection.DeleteStreamAsync(stream, Token);
    }

    private StreamConnectionOptions Options(TlsOptions? tls, SaslMechanism mechanism, StreamEndpoint? endpoint = null) =>
        new() { Endpoint = endpoint ?? broker.Stream, Tls = tls, Mechanism = mechanism, User = "flow", Password = broker.Password };
}
