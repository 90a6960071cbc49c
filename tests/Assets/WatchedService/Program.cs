using WatchedWords;

// A service whose sources a test changes while it runs; the test copies them before.
File.AppendAllText(args[0].Split('=')[1], $"{Environment.ProcessId}\n");
var builder = WebApplication.CreateBuilder();
builder.Logging.ClearProviders();
var app = builder.Build();
app.MapGet("/health", () => Results.Ok());
app.MapGet("/", () => Words.Greeting);
await app.RunAsync();
