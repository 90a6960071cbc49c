using System.Net;
using System.Net.Sockets;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.StreamProtocol;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace FlowPlatform.RabbitMQ.Tests;

public sealed class RabbitMqEventLogOptionsTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("amqp://u:p@h", "h:5672", "h:5552", "u", "p", "/")]
    [InlineData("amqp://u:p@h/", "h:5672", "h:5552", "u", "p", "/")]
    [InlineData("amqp://u:p@h:1234/shop", "h:1234", "h:5552", "u", "p", "shop")]
    [InlineData("amqp://u:p@h/%2f", "h:5672", "h:5552", "u", "p", "/")]
    [InlineData("amqp://us%40er:p%3A%2F%2B+w%25@h/a%2Fb", "h:5672", "h:5552", "us@er", "p:/++w%", "a/b")]
    public void An_amqp_address_alone_is_enough(string uri, string amqp, string stream, string user, string password, string virtualHost)
    {
        var address = BrokerAddress.Parse(new RabbitMqEventLogOptions { AmqpUri = new Uri(uri) });
        (address.Amqp.ToString(), address.Stream.ToString(), address.VirtualHost).ShouldBe((amqp, stream, virtualHost));
        (address.Amqp.User, address.Amqp.Password, address.Stream.User, address.Stream.Password).ShouldBe((user, password, user, password));
    }

    [Fact]
    public void A_stream_address_has_its_own_host_and_user()
    {
        var address = BrokerAddress.Parse(new RabbitMqEventLogOptions
        {
            AmqpUri = new Uri("amqp://u:p@h"),
            StreamUri = new Uri("rabbitmq-stream://u2:p%202@h2:99"),
            VirtualHost = "v",
        });
        (address.Stream.ToString(), address.Stream.User, address.Stream.Password, address.Amqp.User, address.VirtualHost).ShouldBe(("h2:99", "u2", "p 2", "u", "v"));
    }

    [Fact]
    public void A_stream_address_without_a_user_takes_the_other_ones()
    {
        var address = BrokerAddress.Parse(new RabbitMqEventLogOptions { AmqpUri = new Uri("amqp://u:p@h"), StreamUri = new Uri("rabbitmq-stream://h2") });
        (address.Stream.ToString(), address.Stream.User, address.Stream.Password).ShouldBe(("h2:5552", "u", "p"));
    }

    [Theory]
    [InlineData("http://u:s3cret@h", null, "amqp://")]
    [InlineData("amqp://h", null, "no user:password")]
    [InlineData("amqp://u@h", null, "no user:password")]
    [InlineData("amqp://u:s3cret@h", "amqp://u:s3cret@h", "rabbitmq-stream://")]
    [InlineData("amqp://u:s3cret@h", "rabbitmq-stream://s3cret@h", "no user:password")]
    [InlineData("amqps://u:s3cret@h?verify=verify_none", null, "always checked")]
    [InlineData("amqp://u:s3cret@h?cacertfile=x", null, "amqps://")]
    [InlineData("amqps://u:s3cret@h?cacertfile=missing.pem", null, "missing.pem")]
    [InlineData("amqps://u:s3cret@h?cacert=x", null, "unknown parameter 'cacert'")]
    [InlineData("amqps://u:s3cret@h?auth_mechanism=external", null, "certfile and keyfile")]
    [InlineData("amqps://u:s3cret@h?auth_mechanism=magic", null, "plain or external")]
    [InlineData("amqp://u:s3cret@h", "rabbitmq-stream://h?load_balancer=maybe", "true or false")]
    public void A_bad_address_is_told_without_its_password(string amqp, string? stream, string reason)
    {
        var options = new RabbitMqEventLogOptions { AmqpUri = new Uri(amqp), StreamUri = stream is null ? null : new Uri(stream) };
        var error = Should.Throw<ArgumentException>(() => new RabbitMqEventLog(options, TimeProvider.System));
        error.Message.ShouldContain(reason);
        error.ToString().ShouldNotContain("s3cret");
    }

    [Fact]
    public void TLS_is_what_the_scheme_says()
    {
        BrokerAddress Parse(string amqp, string? stream, TlsOptions? tls = null) =>
            BrokerAddress.Parse(new RabbitMqEventLogOptions { AmqpUri = new Uri(amqp), StreamUri = stream is null ? null : new Uri(stream), Tls = tls });

        var secure = Parse("amqps://u:p@h", null);
        (secure.Amqp.ToString(), secure.Stream.ToString()).ShouldBe(("h:5671", "h:5551"));
        (secure.Amqp.Tls is not null, secure.Stream.Tls is not null).ShouldBe((true, true));
        var mixed = Parse("amqp://u:p@h", "rabbitmq-stream+tls://h2");
        (mixed.Amqp.Tls, mixed.Stream.ToString(), mixed.Stream.User).ShouldBe((null, "h2:5551", "u"));
        mixed.Stream.Tls.ShouldNotBeNull();
        var own = new TlsOptions { ServerName = "other" };
        Parse("amqps://u:p@h", null, own).Stream.Tls.ShouldBeSameAs(own);
        Should.Throw<ArgumentException>(() => Parse("amqp://u:p@h", null, own)).Message.ShouldContain("no address asks for it");
        Parse("amqp://u:p@h", "rabbitmq-stream://h?load_balancer=true").LoadBalancer.ShouldBeTrue();
    }

    [Fact]
    public void A_missing_address_names_the_cure() =>
        Should.Throw<ArgumentException>(() => new RabbitMqEventLog(new RabbitMqEventLogOptions(), TimeProvider.System)).Message.ShouldContain("ConnectionStrings:rabbitmq");

    [Fact]
    public void An_address_is_never_printed_with_its_password() =>
        BrokerAddress.Parse(new RabbitMqEventLogOptions { AmqpUri = new Uri("amqp://u:s3cret@h") }).ToString().ShouldNotContain("s3cret");

    [Fact]
    public void Bounds_are_checked()
    {
        foreach (var spoil in new Action<RabbitMqEventLogOptions>[]
        {
            options => options.InitialCredit = 0,
            options => options.MaxFrameEvents = 0,
            options => options.MaxInFlightEvents = 0,
            options => options.Heartbeat = TimeSpan.Zero,
            options => options.ConfirmTimeout = TimeSpan.Zero,
            options => options.MaxDeliverBytes = options.MaxInFlightBytes - 1,
        })
        {
            var options = new RabbitMqEventLogOptions { AmqpUri = new Uri("amqp://u:p@h") };
            spoil(options);
            Should.Throw<ArgumentOutOfRangeException>(() => new RabbitMqEventLog(options, TimeProvider.System));
        }
    }

    [Theory]
    [InlineData("rabbitmq-stream")]
    [InlineData("rabbitmq_stream")]
    public async Task Services_get_it_from_connection_strings(string name)
    {
        var options = new RabbitMqEventLogOptions();
        await using var services = Services(
            new() { ["ConnectionStrings:rabbitmq"] = "amqp://u:p@h/v", [$"ConnectionStrings:{name}"] = "rabbitmq-stream://u:p@h:7" },
            read => options = read);
        services.GetRequiredService<IEventLog>().ShouldBeOfType<RabbitMqEventLog>();
        BrokerAddress.Parse(options).Stream.Endpoint.ShouldBe(new StreamEndpoint("h", 7));
    }

    [Fact]
    public async Task A_connection_string_that_is_no_uri_is_named_and_not_quoted()
    {
        await using var services = Services(new() { ["ConnectionStrings:rabbitmq"] = "s3cret" }, _ => { });
        var error = Should.Throw<ArgumentException>(() => services.GetRequiredService<IEventLog>());
        error.Message.ShouldContain("ConnectionStrings:rabbitmq");
        error.ToString().ShouldNotContain("s3cret");
    }

    [Fact]
    public async Task A_broker_that_is_not_there_is_told_in_time()
    {
        int port;
        using (var listener = new TcpListener(IPAddress.Loopback, 0))
        {
            listener.Start();
            port = ((IPEndPoint)listener.LocalEndpoint).Port;
        }

        var options = new RabbitMqEventLogOptions
        {
            AmqpUri = new Uri($"amqp://u:s3cret@127.0.0.1:{port}"),
            StreamUri = new Uri($"rabbitmq-stream://u:s3cret@127.0.0.1:{port}"),
            ResolveTimeout = TimeSpan.FromMilliseconds(300),
        };
        await using var log = new RabbitMqEventLog(options, TimeProvider.System);
        var partition = new PartitionId("missing", 0);
        foreach (var attempt in new Func<Task>[]
        {
            () => log.EnsureStreamAsync(new StreamDefinition("missing", 1), Token),
            () => log.GetPartitionCountAsync("missing", Token),
            () => log.OpenWriterAsync(partition, "p", Token),
            () => log.OpenReaderAsync(partition, LogPosition.First, Token),
            () => log.ReadLastAsync(partition, Token),
        })
        {
            var error = await Should.ThrowAsync<EventLogUnavailableException>(attempt);
            error.Message.ShouldContain("can't be reached");
            error.ToString().ShouldNotContain("s3cret");
        }
    }

    private static ServiceProvider Services(Dictionary<string, string?> configuration, Action<RabbitMqEventLogOptions> configure)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(configuration).Build());
        services.AddRabbitMqEventLog(configure);
        return services.BuildServiceProvider();
    }
}
