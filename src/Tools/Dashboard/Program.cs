using FlowPlatform.Dashboard;
using FlowPlatform.Dashboard.Storage;
using ServiceDefaults.Containers;

if (SelfProbe.IsAskedFor(args))
{
    return await SelfProbe.RunAsync(args);
}
try
{
    await using var app = DashboardApp.Build(args);
    await app.RunAsync();
    return 0;
}
catch (Exception e) when (e is DashboardSettingsException or TelemetryDirectoryInUseException)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
