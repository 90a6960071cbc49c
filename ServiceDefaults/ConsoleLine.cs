using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace ServiceDefaults;

/// <summary>One line per message, UTC; from Warning on with the id of the trace that it belongs to. Levels have colours where somebody sees them. Safe for concurrent use.</summary>
internal sealed class ConsoleLine(TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "flow";
    private const string Yellow = "\e[33m";
    private const string Red = "\e[31m";
    private const string Plain = "\e[0m";

    private readonly bool coloured = !Console.IsOutputRedirected || Environment.GetEnvironmentVariable("DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION") is "1" or "true";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = logEntry.Formatter(logEntry.State, logEntry.Exception);
        textWriter.Write(clock.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ ", CultureInfo.InvariantCulture));
        textWriter.Write(coloured && logEntry.LogLevel >= LogLevel.Warning ? $"{(logEntry.LogLevel == LogLevel.Warning ? Yellow : Red)}{LevelOf(logEntry.LogLevel)}{Plain}" : LevelOf(logEntry.LogLevel));
        textWriter.Write($": {logEntry.Category}[{logEntry.EventId.Id}] ");
        textWriter.Write(OneLine(message));
        if (logEntry.LogLevel >= LogLevel.Warning && Activity.Current is { Recorded: true } span)
        {
            textWriter.Write($" (trace {span.TraceId.ToHexString()})");
        }

        textWriter.WriteLine(logEntry.Exception is { } exception ? $" {OneLine(exception.ToString())}" : "");
    }

    private static string OneLine(string message) => message.Contains('\n', StringComparison.Ordinal) ? message.ReplaceLineEndings(" ") : message;

    private static string LevelOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
