using FlowPlatform.Dashboard;
using FlowPlatform.Dashboard.Storage;

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
