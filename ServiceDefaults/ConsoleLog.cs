using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
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
        // It logs addresses with their queries, and those name customers. A rule for the very category holds whatever level the frameworks have; spans tell of requests, without queries.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Warning);
        builder.Logging.AddConsole().AddConsoleFormatter<ConsoleLine, ConsoleFormatterOptions>();
        // What is asked for as "simple", as Aspire does, is for people, too; "json" and "systemd" stay what they are.
        builder.Services.PostConfigure<ConsoleLoggerOptions>(console =>
        {
            if (console.FormatterName is null or "" or ConsoleFormatterNames.Simple)
            {
                console.FormatterName = ConsoleLine.FormatterName;
            }
        });
    }
}
