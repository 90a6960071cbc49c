using System.Text;
using FlowPlatform.Log;

namespace FlowPlatform.RabbitMQ.Tests;

/// <summary>Events for tests.</summary>
internal static class Sample
{
    public static EventEnvelope Event(long sequence, string key = "k") => new()
    {
        Id = $"e-{sequence}",
        Type = "tests.happened.v1",
        Source = "tests",
        Key = key,
        Time = DateTimeOffset.UnixEpoch,
        CommittedAt = DateTimeOffset.UnixEpoch,
        Sequence = sequence,
        Data = Encoding.UTF8.GetBytes($$"""{"n":{{sequence}}}"""),
    };
}
