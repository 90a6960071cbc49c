using ServiceDefaults.Containers;

namespace Simulator;

/// <summary>
/// Plays the outside world: customers, the card gateway, the courier. Ends with 0 when all checks held, with 1 when one failed, when the flow
/// stalled or when it was asked for something impossible; any other end is a crash or a stop from outside, and a new start goes on.
/// </summary>
internal static class Program
{
    /// <summary>As of a process that SIGTERM ended.</summary>
    private const int StoppedCode = 143;

    public static async Task<int> Main(string[] args)
    {
        if (SelfProbe.IsAskedFor(args))
        {
            return await SelfProbe.RunAsync(args);
        }
        var builder = WebApplication.CreateBuilder(args);
        builder.AddServiceDefaults();
        try
        {
            await using var app = SimulatorApp.Build(builder, SimulatorOptions.From(builder.Configuration), Console.Out);
            // Running disposes of the services, so what they leave behind is taken before.
            var outcome = app.Services.GetRequiredService<SessionOutcome>();
            await app.RunAsync();
            return outcome.ExitCode ?? StoppedCode;
        }
        catch (SimulatorException fault)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return 1;
        }
    }
}
