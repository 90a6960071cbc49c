using System.Text.Json;

namespace FlowPlatform.Chaos.Checking;

/// <summary>An event as it lies in the log.</summary>
internal sealed record LoggedEvent(string Id, string Type, string Producer, long Sequence, DateTimeOffset Time, DateTimeOffset Created, JsonElement Data);
