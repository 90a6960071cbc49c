using FlowPlatform.AppHost;

namespace FlowPlatform.Orchestration.Tests.AppHost;

public sealed class StreamAddressTests
{
    [Theory]
    [InlineData("amqp://user:pa%2Fss@broker:5672/shop", "rabbitmq-stream://user:pa%2Fss@broker:5552")]
    [InlineData("amqps://user:pass@broker/?cacertfile=%2Fca.pem", "rabbitmq-stream+tls://user:pass@broker:5551?cacertfile=%2Fca.pem")]
    [InlineData("amqps://broker?auth_mechanism=external", "rabbitmq-stream+tls://broker:5551?auth_mechanism=external")]
    [InlineData("amqp://u:p@[::1]:5672", "rabbitmq-stream://u:p@[::1]:5552")]
    [InlineData("no address", "no address")]
    public void Streams_are_where_and_as_safe_as_AMQP_is(string amqp, string stream) => StreamAddress.Of(amqp).ShouldBe(stream);
}
