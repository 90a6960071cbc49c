using System.Text;
using FlowPlatform.Log;

namespace FlowPlatform.RabbitMQ.Tests;

/// <summary>Events for tests.</summary>
internal static class Sample
{
    public static EventEnvelope Event(long sequence, string key = "k", string type = "tests.happened.v1", byte[]? data = null) => new()
    {
        Id = $"e-{sequence}",
        Type = type,
        Source = "tests",
        Key = key,
        Time = DateTimeOffset.UnixEpoch,
        CommittedAt = DateTimeOffset.UnixEpoch,
        Sequence = sequence,
        Data = data ?? Encoding.UTF8.GetBytes($$"""{"n":{{sequence}}}"""),
    };
}
