using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using ServiceDefaults;

namespace Services.Tests.Defaults;

public sealed class ConsoleLineTests
{
    [Theory]
    [InlineData(LogLevel.Warning, true)]
    [InlineData(LogLevel.Critical, true)]
    [InlineData(LogLevel.Information, false)]
    public void From_warning_on_a_line_names_its_trace(LogLevel level, bool named)
    {
        using var span = new Activity("work") { ActivityTraceFlags = ActivityTraceFlags.Recorded }.Start();

        Write(level, "It is\nlate.", null).Contains($"late. (trace {span.TraceId})", StringComparison.Ordinal).ShouldBe(named);
    }

    [Fact]
    public void A_message_is_one_line_with_its_exception()
    {
        var text = Write(LogLevel.Error, "It is\nlate.", new InvalidOperationException("Too\nlate."));

        text.ShouldStartWith("2026-01-01T12:00:00.000Z ");
        text.ShouldContain(": Test.Category[7] It is late. System.InvalidOperationException: Too late.");
        text.TrimEnd().Split('\n').Length.ShouldBe(1);
    }

    private static string Write(LogLevel level, string message, Exception? fault)
    {
        using var text = new StringWriter();
        new ConsoleLine(new FixedClock()).Write(new LogEntry<string>(level, "Test.Category", new EventId(7), message, fault, (state, _) => state), null, text);
        return text.ToString();
    }

    private sealed class FixedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    }
}
