using Microsoft.Extensions.Configuration;

namespace FlowPlatform.RabbitMQ;

/// <summary>On how many of the broker's nodes streams and command queues are kept.</summary>
internal static class BrokerNodes
{
    private const int Most = 9;

    /// <summary>Reads <c>FLOW_BROKER_NODES</c>.</summary>
    /// <exception cref="ArgumentException">It is no odd number, or out of bounds.</exception>
    public static int Read(IConfiguration configuration) => configuration["FLOW_BROKER_NODES"] is not { Length: > 0 } text ? 1
        : int.TryParse(text, out var nodes) && IsPossible(nodes) ? nodes
        : throw new ArgumentException($"FLOW_BROKER_NODES is '{text}'; an odd number from 1 to {Most} is possible.", nameof(configuration));

    /// <summary>An even number survives no more losses than the odd one below it.</summary>
    public static bool IsPossible(int nodes) => nodes is >= 1 and <= Most && nodes % 2 == 1;
}
