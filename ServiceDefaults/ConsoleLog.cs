using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace ServiceDefaults;

/// <summary>One line per message, UTC; ours from Information, the frameworks' from Warning. Configuration <c>Logging:…</c> overrides it.</summary>
internal static class ConsoleLog
{
    public static void AddConsoleLog(this IHostApplicationBuilder builder)
    {
        // First, so that every other source of configuration wins.
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData = new Dictionary<string, string?>
            {
                ["Logging:LogLevel:Default"] = "Information",
                ["Logging:LogLevel:Microsoft"] = "Warning",
                ["Logging:LogLevel:System"] = "Warning",
                ["Logging:LogLevel:MassTransit"] = "Warning",
                // The command bus says itself what failed, and what goes to an error queue.
                ["Logging:LogLevel:MassTransit.Messages"] = "None",
                // A red check is logged at every probe; /health says it, and why.
                ["Logging:LogLevel:Microsoft.Extensions.Diagnostics.HealthChecks"] = "None",
            },
        });
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
            console.ColorBehavior = Console.IsOutputRedirected ? LoggerColorBehavior.Disabled : LoggerColorBehavior.Default;
        });
    }
}
