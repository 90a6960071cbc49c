using FlowPlatform.Log;
using FlowPlatform.Storage.EmbeddedLog;
using FlowPlatform.Tests.Compliance;
using FlowPlatform.Tests.Support;

namespace FlowPlatform.Tests.EmbeddedLog;

public sealed class EmbeddedEventLogCompliance : EventLogCompliance
{
    private readonly TemporaryDirectory directory = new();

    protected override int UndisposedBatches => new EmbeddedEventLogOptions().UndisposedBatches;

    protected override IReadOnlyDictionary<string, string> WriterEnvironment => new Dictionary<string, string> { ["LOG_DIRECTORY"] = directory.Path };

    protected override ValueTask<IEventLog> OpenLogAsync() => ValueTask.FromResult<IEventLog>(new EmbeddedEventLog(directory.Path, TimeProvider.System));

    protected override async ValueTask DeleteStreamAsync(StreamDefinition stream)
    {
        await using var log = new EmbeddedEventLog(directory.Path, TimeProvider.System);
        await log.DeleteStreamAsync(stream.Name, CancellationToken.None);
    }

    protected override ValueTask CleanUpAsync()
    {
        directory.Dispose();
        return ValueTask.CompletedTask;
    }
}
