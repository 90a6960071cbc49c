using System.Globalization;
using System.Security.Cryptography;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>The environment of a project, by Aspire's conventions.</summary>
internal sealed class ProjectEnvironment(
    IResource resource, DistributedApplicationExecutionContext execution, OrchestratorSettings settings, DashboardLink dashboard, SecretMask mask)
{
    private const string InstanceAlphabet = "abcdefghijklmnopqrstuvwxyz";

    /// <summary>What belongs to the AppHost's own process, or to <c>dotnet run</c>, and must not reach a service.</summary>
    private static readonly string[] NotInherited = ["DOTNET_LAUNCH_PROFILE", "ASPNETCORE_URLS", "ASPNETCORE_HTTP_PORTS", "ASPNETCORE_HTTPS_PORTS", "HTTP_PORTS", "HTTPS_PORTS"];

    private static readonly string[] SecretNames = ["KEY", "PASSWORD", "SECRET", "TOKEN", "OTLP_HEADERS"];

    /// <summary>Eight lower-case letters that tell instances of a service apart in telemetry.</summary>
    private readonly string instanceId = RandomNumberGenerator.GetString(InstanceAlphabet, 8);

    public async Task<Dictionary<string, string?>> MakeAsync(CancellationToken cancellationToken)
    {
        var environment = NotInherited.ToDictionary(name => name, _ => (string?)null, StringComparer.Ordinal);
        await AddTelemetryAsync(environment, cancellationToken);
        AddEndpoints(environment);
        AddConsole(environment);
        var context = new EnvironmentCallbackContext(execution);
        foreach (var annotation in resource.Annotations.OfType<EnvironmentCallbackAnnotation>())
        {
            annotation.Callback(context);
        }
        foreach (var (name, value) in context.EnvironmentVariables)
        {
            environment[name] = await ResolveAsync(value, cancellationToken);
        }
        return environment;
    }

    /// <summary>What may be shown of it: without what only keeps something of the AppHost's own away, and with secrets replaced, by value and by name.</summary>
    public IReadOnlyList<EnvironmentVariable> Show(IReadOnlyDictionary<string, string?> variables) =>
    [
        .. from variable in variables
           where variable.Value is not null
           orderby variable.Key
           let shown = IsSecret(variable.Key) ? SecretMask.Masked : mask.Apply(variable.Value)
           select new EnvironmentVariable(variable.Key, shown, shown != variable.Value),
    ];

    private static bool IsSecret(string name) => SecretNames.Any(part => name.EndsWith(part, StringComparison.OrdinalIgnoreCase));

    private async Task AddTelemetryAsync(Dictionary<string, string?> environment, CancellationToken cancellationToken)
    {
        if (resource == dashboard.Resource)
        {
            foreach (var (name, value) in await dashboard.OwnVariablesAsync(cancellationToken))
            {
                environment[name] = value;
            }
            return;
        }
        var telemetry = await dashboard.TelemetryAsync(cancellationToken);
        if (telemetry.Headers is { } headers)
        {
            mask.Add(headers[(headers.IndexOf('=') + 1)..]);
        }
        foreach (var (name, value) in telemetry.Variables(resource.Declared().Name, instanceId))
        {
            environment[name] = value;
        }
    }

    /// <summary>
    /// ANSI colours are not asked for, though Aspire does: the output goes to files and to a console that may not be a terminal.
    /// The resource that has the console keeps its standard output for what it tells the user; its log goes to standard error.
    /// </summary>
    private void AddConsole(Dictionary<string, string?> environment)
    {
        environment["LOGGING__CONSOLE__FORMATTERNAME"] = "simple";
        if (resource.Name == settings.ConsoleResource)
        {
            environment["LOGGING__CONSOLE__LOGTOSTANDARDERRORTHRESHOLD"] = "Trace";
        }
    }

    private void AddEndpoints(Dictionary<string, string?> environment)
    {
        var endpoints = resource.Annotations.OfType<EndpointAnnotation>().ToArray();
        var urls = string.Join(';', endpoints.Where(endpoint => endpoint.UriScheme is "http" or "https").Select(endpoint => endpoint.ListeningUrl));
        if (urls.Length > 0)
        {
            environment["ASPNETCORE_URLS"] = urls;
        }
        foreach (var endpoint in endpoints.Where(endpoint => endpoint.EnvironmentVariable is not null))
        {
            environment[endpoint.EnvironmentVariable!] = endpoint.AllocatedPort?.ToString(CultureInfo.InvariantCulture);
        }
    }

    private async Task<string?> ResolveAsync(object value, CancellationToken cancellationToken)
    {
        var text = value is IValueProvider provider ? await provider.GetValueAsync(cancellationToken) : Convert.ToString(value, CultureInfo.InvariantCulture);
        if (value is IResourceWithConnectionString && text is not null)
        {
            mask.AddConnectionString(text);
        }
        return text;
    }
}
