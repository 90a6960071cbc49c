using System.Globalization;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.AppHost;

internal static class Simulation
{
    /// <summary>Hands the flags that were given to the simulator, which has the defaults.</summary>
    public static IResourceBuilder<ProjectResource> WithSimulation(this IResourceBuilder<ProjectResource> simulator, AppHostFlags flags)
    {
        var settings = new (string Name, string? Value)[]
        {
            ("FLOW_SIM_DATASET", flags.Dataset),
            ("FLOW_SIM_SEED", flags.Seed?.ToString(CultureInfo.InvariantCulture)),
            ("FLOW_SIM_ORDERS", flags.Orders?.ToString(CultureInfo.InvariantCulture)),
            ("FLOW_SIM_RATE", flags.Rate?.ToString(CultureInfo.InvariantCulture)),
            ("FLOW_SIM_SPEED", flags.Speed),
            ("FLOW_SIM_UNTIL_DONE", flags.UntilDone ? "true" : null),
            ("FLOW_SIM_REPORT", flags.Report),
            // Progress is redrawn in place only where that can be done.
            ("FLOW_CONSOLE", flags.Publish is null && HostMode.ShowsSimulator && !Console.IsOutputRedirected ? "terminal" : null),
        };
        foreach (var (name, value) in settings)
        {
            if (value is not null)
            {
                simulator.WithEnvironment(name, value);
            }
        }
        return simulator;
    }
}
