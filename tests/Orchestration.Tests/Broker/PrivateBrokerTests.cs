using System.Globalization;
using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Processes;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace FlowPlatform.Orchestration.Tests.Broker;

public sealed class PrivateBrokerTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_node_serves_both_protocols_to_its_own_user_only_on_loopback_and_leaves_nothing_behind()
    {
        using var folder = new TemporaryFolder();
        int node;
        string[] journal;
        await using (var broker = await PrivateBroker.StartAsync(new PrivateBrokerOptions { DataDirectory = folder.Path }, null, Token))
        {
            node = broker.ProcessId;
            journal = Directory.GetFiles(folder.File("processes"));
            journal.Length.ShouldBe(2, "node and port mapper are journalled");
            await ConnectAsync(broker.AmqpUri);
            var guest = broker.AmqpUri.Replace($"flow:{broker.Password}", "guest:guest", StringComparison.Ordinal);
            (await Should.ThrowAsync<BrokerUnreachableException>(() => ConnectAsync(guest))).InnerException.ShouldBeOfType<AuthenticationFailureException>();
            (await NodeReadiness.IsReadyAsync(broker.AmqpPort, broker.StreamPort, Token)).ShouldBeTrue();
            foreach (var file in journal)
            {
                var pid = int.Parse(Path.GetFileNameWithoutExtension(file), CultureInfo.InvariantCulture);
                ListeningSockets.Of(pid).ShouldNotBeEmpty();
                ListeningSockets.Of(pid).ShouldAllBe(address => address.StartsWith("127.", StringComparison.Ordinal) || address.StartsWith("::1", StringComparison.Ordinal));
            }
        }
        ProcessIdentity.Of(node).ShouldBeNull();
        Directory.GetFiles(folder.File("processes")).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_node_keeps_its_name_its_password_and_its_messages_over_a_restart_and_refuses_another_password()
    {
        using var folder = new TemporaryFolder();
        var options = new PrivateBrokerOptions { DataDirectory = folder.File("with a blank") };
        string password;
        await using (var first = await PrivateBroker.StartAsync(options, null, Token))
        {
            password = first.Password;
            await using var connection = await OpenAsync(first.AmqpUri);
            await using var channel = await connection.CreateChannelAsync(cancellationToken: Token);
            await channel.QueueDeclareAsync("kept", durable: true, exclusive: false, autoDelete: false, cancellationToken: Token);
            await Should.ThrowAsync<BrokerException>(() => PrivateBroker.StartAsync(options, null, Token));
        }
        await using (var second = await PrivateBroker.StartAsync(options, null, Token))
        {
            second.Password.ShouldBe(password);
            await using var connection = await OpenAsync(second.AmqpUri);
            await using var channel = await connection.CreateChannelAsync(cancellationToken: Token);
            (await channel.QueueDeclarePassiveAsync("kept", Token)).QueueName.ShouldBe("kept");
        }
        var refused = await Should.ThrowAsync<BrokerException>(() => PrivateBroker.StartAsync(options with { Password = "another" }, null, Token));
        refused.Message.ShouldContain("another user or password");
    }

    [Fact]
    public async Task A_taken_port_is_named()
    {
        using var folder = new TemporaryFolder();
        using var other = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        other.Start();
        var port = ((System.Net.IPEndPoint)other.LocalEndpoint).Port;
        var options = new PrivateBrokerOptions { DataDirectory = folder.Path, AmqpPort = port };
        var refused = await Should.ThrowAsync<BrokerException>(() => PrivateBroker.StartAsync(options, null, Token));
        refused.Message.ShouldContain(port.ToString(CultureInfo.InvariantCulture));
        refused.Message.ShouldContain("taken");
    }

    private static async Task ConnectAsync(string uri)
    {
        await using var connection = await OpenAsync(uri);
        connection.IsOpen.ShouldBeTrue();
    }

    private static Task<IConnection> OpenAsync(string uri) => new ConnectionFactory { Uri = new Uri(uri) }.CreateConnectionAsync(Token);
}
