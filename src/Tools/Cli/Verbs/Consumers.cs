using System.CommandLine;

namespace FlowPlatform.Cli;

/// <summary>Finds the service that a consumer is of: names of consumers are said without it where they are clear.</summary>
internal static class Consumers
{
    public static Option<string?> Service() => new("--service") { Description = "Service of the consumer, where several have one of that name", HelpName = "NAME" };

    /// <exception cref="CliException">None has it, or several have.</exception>
    public static async Task<string> ServiceOfAsync(VerbContext context, string consumer, Option<string?> service, CancellationToken cancellationToken)
    {
        if (context.Parsed.GetValue(service) is { } given)
        {
            context.Client.UrlOf(given);
            return given;
        }

        var services = await ServiceStatus.AskAllAsync(context.Client, cancellationToken);
        var known = services.SelectMany(service => (service.Flow?.List("consumers") ?? []).Select(row => (service.Name, Consumer: row.Text("consumer") ?? ""))).Distinct().ToList();
        var found = known.Where(item => item.Consumer == consumer).Select(item => item.Name).ToList();
        return found switch
        {
            [var only] => only,
            [] when services.FirstOrDefault(service => service.Fault is not null) is { Fault: { } fault } => throw new CliException(ExitCode.Unreachable, $"No service that answers has a consumer '{consumer}'. {fault}"),
            [] => throw new CliException(ExitCode.Misuse, $"No service has a consumer '{consumer}'; there are {string.Join(", ", known.Select(item => $"{item.Consumer} ({item.Name})"))}."),
            _ => throw new CliException(ExitCode.Misuse, $"Several services have a consumer '{consumer}': {string.Join(", ", found)}. Say which (--service NAME)."),
        };
    }
}
