using FlowPlatform.Log;
using FlowPlatform.Storage.EmbeddedLog;

namespace FlowPlatform.Dashboard.Tests.Support;

/// <summary>A log, and the settings by which a dashboard finds it: a real broker's, or the embedded one in a directory of its own.</summary>
internal sealed class TestLog : IAsyncDisposable
{
    private readonly TemporaryDirectory? directory;

    private TestLog(IEventLog log, (string Name, string Value)[] settings, TemporaryDirectory? directory) => (Log, Settings, this.directory) = (log, settings, directory);

    public IEventLog Log { get; }

    public (string Name, string Value)[] Settings { get; }

    public static async Task<TestLog> OpenAsync(DashboardBroker broker, bool embedded)
    {
        if (!embedded)
        {
            return new TestLog(await broker.OpenAsync(), await broker.SettingsAsync(), null);
        }

        var directory = new TemporaryDirectory();
        return new TestLog(new EmbeddedEventLog(directory.Path, TimeProvider.System), [("ConnectionStrings:embedded-log", directory.Path)], directory);
    }

    public async ValueTask DisposeAsync()
    {
        await Log.DisposeAsync();
        directory?.Dispose();
    }
}
