using Microsoft.Extensions.Logging;

namespace FlowPlatform.Testing.Running;

/// <summary>Keeps the last warnings and errors that the service has logged, for the messages of failures. Safe for concurrent use.</summary>
internal sealed class RecentWarnings : ILoggerProvider
{
    private const int Kept = 10;
    private readonly Queue<string> lines = new();

    /// <summary>The last ten, oldest first.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (lines)
            {
                return [.. lines];
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => new Keeper(this, categoryName);

    public void Dispose()
    {
        // Nothing is held.
    }

    private void Add(string line)
    {
        lock (lines)
        {
            if (lines.Count == Kept)
            {
                lines.Dequeue();
            }

            lines.Enqueue(line);
        }
    }

    private sealed class Keeper(RecentWarnings warnings, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                var cause = exception is null ? "" : $" {exception.GetType().Name}: {exception.Message}";
                warnings.Add($"{logLevel} {category}: {formatter(state, exception)}{cause}");
            }
        }
    }
}
