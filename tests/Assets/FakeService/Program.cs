using System.Globalization;
using System.Runtime.InteropServices;

// A service for the orchestrator's tests: it does what its arguments and its endpoints are told.
var options = args.Select(argument => argument.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair.Length > 1 ? pair[1] : "");

if (options.TryGetValue("--starts", out var starts))
{
    File.AppendAllText(starts, $"{Environment.ProcessId}\n");
}
if (options.TryGetValue("--print", out var text))
{
    Console.WriteLine(text);
    Console.Error.WriteLine(text);
}
if (options.TryGetValue("--print-variable", out var variable))
{
    Console.WriteLine($"{variable} is {Environment.GetEnvironmentVariable(variable)}");
}
if (options.TryGetValue("--crash-until", out var gate) && !File.Exists(gate))
{
    Environment.Exit(134); // as after an unhandled exception, without its core dump
}
using var ignored = options.ContainsKey("--ignore-term") ? PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => context.Cancel = true) : null;
var ignores = ignored is not null;

var builder = WebApplication.CreateBuilder();
builder.Logging.ClearProviders();
if (ignores)
{
    builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
}
var app = builder.Build();
app.MapGet("/health", () => options.TryGetValue("--healthy-when", out var file) && !File.Exists(file) ? Results.StatusCode(503) : Results.Ok());
app.MapGet("/variables", () => Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>()
    .ToDictionary(entry => (string)entry.Key, entry => (string?)entry.Value));
app.MapPost("/exit/{code}", (string code) => Environment.Exit(int.Parse(code, CultureInfo.InvariantCulture)));
await app.RunAsync();

/// <summary>Doesn't listen to any signal.</summary>
internal sealed class NoLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
