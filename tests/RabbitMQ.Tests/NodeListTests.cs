using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ.Tests;

public sealed class NodeListTests
{
    [Fact]
    public void Of_nodes_that_come_and_go_the_list_keeps_a_bounded_number_the_newest_and_those_that_were_given()
    {
        StreamEndpoint[] given = [new("given-1", 5552), new("given-2", 5552)];
        var list = new NodeList(given);
        for (var number = 0; number < 1_000; number++)
        {
            list.Add(new StreamEndpoint($"pod-{number}", 5552));
            list.Failed(new StreamEndpoint("given-1", 5552));
        }

        list.Snapshot().Length.ShouldBe(64);
        list.Snapshot().ShouldContain(given[0]);
        list.Snapshot().ShouldContain(given[1]);
        list.Snapshot().ShouldContain(new StreamEndpoint("pod-999", 5552));
    }
}
