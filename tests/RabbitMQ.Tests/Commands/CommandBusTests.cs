using System.Text.Json;
using FlowPlatform.Commands;
using FlowPlatform.Log;
using FlowPlatform.RabbitMQ.Commands;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.RabbitMQ.Tests.Commands;

public sealed class CommandBusTests(CommandBroker broker) : IClassFixture<CommandBroker>, IAsyncLifetime
{
    private readonly FakeStore store = new();
    private readonly Outside outside = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await broker.DeleteAsync(Work.Name);
        await store.DisposeAsync();
    }

    [Fact]
    public async Task A_command_takes_effect_once_however_often_it_is_sent()
    {
        await using var service = await StartAsync();
        var command = CommandService.Command("once");

        await service.SendAsync(command, command);
        (await outside.EffectsAsync(1)).ShouldBe(["once"]);
        await service.SendAsync(command);
        await service.SendAsync(CommandService.Command("last"));

        (await outside.EffectsAsync(1)).ShouldBe(["last"]);
    }

    [Fact]
    public async Task Many_commands_arrive_with_everything_they_carry()
    {
        var commands = Enumerable.Range(0, 500).Select(number => CommandService.Command($"item {number}")).ToArray();
        await using var service = await StartAsync();

        await service.SendAsync(commands);

        (await outside.EffectsAsync(500)).Order().ShouldBe(Enumerable.Range(0, 500).Select(number => $"item {number}").Order());
        (await outside.CallsAsync(500)).Select(call => (call.CommandId, call.Time, call.Attempt)).OrderBy(call => call.CommandId)
            .ShouldBe(commands.Select(command => (command.Id, command.Time, 1)).OrderBy(call => call.Id));
    }

    [Fact]
    public async Task What_passes_by_itself_is_tried_again_beyond_the_limit_for_faults()
    {
        outside.Answer = (_, context, _) => context.Attempt < 6 ? throw new CommandRetryException("The gateway is away.") : Task.CompletedTask;
        await using var service = await StartAsync();

        await service.SendAsync(CommandService.Command("patient"));

        (await outside.EffectsAsync(1)).ShouldBe(["patient"]);
        (await outside.CallsAsync(6)).Select(call => call.Attempt).ShouldBe([1, 2, 3, 4, 5, 6]);
    }

    [Fact]
    public async Task What_takes_long_goes_to_the_end_of_its_queue_and_its_attempts_go_with_it()
    {
        outside.Answer = (_, context, _) => context.Attempt < 4 ? throw new CommandRetryException("The gateway is away.") : Task.CompletedTask;
        await using var service = await CommandService.StartAsync(broker.AmqpUri, store, outside, maxStay: TimeSpan.Zero);
        var command = CommandService.Command("patient");

        await service.SendAsync(command);

        (await outside.EffectsAsync(1)).ShouldBe(["patient"]);
        (await outside.CallsAsync(4)).ShouldBe(Enumerable.Range(1, 4).Select(attempt => new CommandContext(command.Id, command.Time, attempt)));
    }

    [Fact]
    public async Task Five_faults_lead_to_the_error_queue_and_hold_nobody_up()
    {
        outside.Answer = (work, _, _) => work.What == "broken" ? throw new InvalidOperationException("A bug.") : Task.CompletedTask;
        await using var service = await StartAsync();
        var broken = CommandService.Command("broken");

        await service.SendAsync(broken, CommandService.Command("fine"));

        (await outside.EffectsAsync(1)).ShouldBe(["fine"]);
        var failed = await broker.ReadAsync($"{Work.Name}_error");
        failed.MessageId.ShouldBe(broken.Id.ToString());
        JsonDocument.Parse(failed.Body).RootElement.GetProperty("message").GetProperty("body").GetProperty("what").GetString().ShouldBe("broken");
        (await outside.CallsAsync(6)).Count(call => call.CommandId == broken.Id).ShouldBe(5);
    }

    [Fact]
    public async Task A_command_under_way_when_the_service_stops_is_done_after_its_restart()
    {
        var command = CommandService.Command("interrupted");
        outside.Answer = (_, _, _) => throw new CommandRetryException("Not yet.");
        await using (var first = await StartAsync())
        {
            await first.SendAsync(command);
            await outside.CallsAsync(2);
        }

        outside.Answer = (_, _, _) => Task.CompletedTask;
        await using var second = await StartAsync();

        (await outside.EffectsAsync(1)).ShouldBe(["interrupted"]);
        (await broker.CountAsync($"{Work.Name}_error")).ShouldBeNull();
    }

    [Fact]
    public async Task A_call_that_hears_its_cancellation_is_handed_back_when_the_service_stops()
    {
        outside.Answer = (_, _, cancellationToken) => new TaskCompletionSource().Task.WaitAsync(cancellationToken);
        await using (var first = await StartAsync())
        {
            await first.SendAsync(CommandService.Command("cut short"));
            await outside.CallsAsync(1);
        }

        outside.Answer = (_, _, _) => Task.CompletedTask;
        await using var second = await StartAsync();

        (await outside.EffectsAsync(1)).ShouldBe(["cut short"]);
        (await broker.CountAsync($"{Work.Name}_error")).ShouldBeNull();
    }

    [Fact]
    public async Task Without_a_broker_the_service_starts_and_says_what_is_missing()
    {
        await using var nowhere = new PortForward(1);
        await using var service = await CommandService.StartAsync($"amqp://user:hidden@127.0.0.1:{nowhere.Port}", store, outside, TimeSpan.FromSeconds(1));

        var away = await Should.ThrowAsync<EventLogUnavailableException>(() => service.SendAsync(CommandService.Command("later")));

        away.Message.ShouldContain($"127.0.0.1:{nowhere.Port}");
        away.Message.ShouldNotContain("hidden");
        (await service.CheckHealthAsync()).Status.ShouldBe(HealthStatus.Degraded);
    }

    [Fact]
    public async Task A_refused_password_is_said_without_quoting_it()
    {
        var address = new UriBuilder(broker.AmqpUri) { Password = "hidden" };
        await using var service = await CommandService.StartAsync(address.Uri.OriginalString, store, outside, TimeSpan.FromSeconds(2));

        var refused = await Should.ThrowAsync<EventLogUnavailableException>(() => service.SendAsync(CommandService.Command("never")));

        refused.Message.ShouldContain("ACCESS_REFUSED");
        refused.Message.ShouldNotContain("hidden");
    }

    [Theory]
    [InlineData(null, "missing")]
    [InlineData("broker:5672", "amqp://")]
    [InlineData("amqp://127.0.0.1:5672", "no default user")]
    public void A_faulty_address_is_refused_with_the_form_it_should_have(string? address, string message)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("ConnectionStrings:rabbitmq", address)]).Build();

        Should.Throw<InvalidOperationException>(() => CommandBusSettings.Read(configuration)).Message.ShouldContain(message);
    }

    [Fact]
    public async Task Commands_flow_once_the_broker_comes_and_again_after_a_cut()
    {
        var address = new UriBuilder(broker.AmqpUri);
        await using var line = new PortForward(address.Port);
        address.Port = line.Port;
        await using var service = await CommandService.StartAsync(address.Uri.OriginalString, store, outside, TimeSpan.FromSeconds(30));

        var early = service.SendAsync(CommandService.Command("early"));
        line.Open();
        await early;
        (await outside.EffectsAsync(1)).ShouldBe(["early"]);
        (await service.CheckHealthAsync()).Status.ShouldBe(HealthStatus.Healthy);
        line.Cut();
        await SendUntilTakenAsync(service, CommandService.Command("after the cut"));

        (await outside.EffectsAsync(1)).ShouldBe(["after the cut"]);
    }

    /// <summary>As the relay does: what could not be sent is sent again.</summary>
    private static async Task SendUntilTakenAsync(CommandService service, Stores.PendingCommand command)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await service.SendAsync(command);
                return;
            }
            catch (EventLogUnavailableException) when (tries < 100)
            {
                TestContext.Current.SendDiagnosticMessage($"Try {tries} failed");
            }
        }
    }

    private Task<CommandService> StartAsync() => CommandService.StartAsync(broker.AmqpUri, store, outside);
}
