using System.Diagnostics;
using Aspire.Hosting;

// FakeAppHost DATA [argument of both services …]: two services, one waiting for the other.
// FakeAppHost --launch DATA …: starts itself as a child, as `dotnet run` does, and waits for it.
if (args[0] == "--launch")
{
    using var child = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [typeof(Program).Assembly.Location, .. args[1..]]))!;
    await child.WaitForExitAsync();
    return child.ExitCode;
}
var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions { DashboardApplicationName = "Fake" });
builder.Configuration["Flow:Data"] = args[0];
builder.Configuration["Flow:Console"] = "second";
var first = builder.AddProject<Projects.FakeService>("first", launchProfileName: null).WithHttpEndpoint().WithHttpHealthCheck("/health").WithArgs(args[1..]);
builder.AddProject<Projects.FakeService>("second", launchProfileName: null).WithHttpEndpoint().WithHttpHealthCheck("/health").WithArgs(args[1..])
    .WithArgs("--print=flowing").WaitFor(first);
try
{
    await using var app = builder.Build();
    await app.RunAsync();
    return 0;
}
catch (DistributedApplicationException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}
