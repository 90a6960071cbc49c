using System.Collections;
using System.Text.RegularExpressions;

namespace FlowPlatform.Cli;

/// <summary>
/// Where services are in a deployment, which has no AppHost: as the environment says by the names of service discovery, <c>services__orders__http__0</c>. <c>FLOW_ADMIN_KEY</c> opens administrative
/// endpoints; it may be a file of that name in the directory that <c>FLOW_SECRETS</c> names.
/// </summary>
internal static partial class DeployedServices
{
    private const string KeyName = "FLOW_ADMIN_KEY";

    /// <summary>Null if the environment names none.</summary>
    /// <exception cref="CliException">An address is none, or the key can't be read.</exception>
    public static RunningAppHost? Find(IDictionary environment)
    {
        var urls = environment.Keys.Cast<string>().Select(name => Variable().Match(name)).Where(match => match.Success)
            .OrderBy(match => match.Groups["service"].Value, StringComparer.Ordinal).ThenBy(match => int.Parse(match.Groups["index"].Value, System.Globalization.CultureInfo.InvariantCulture))
            .GroupBy(match => match.Groups["service"].Value, match => ToUri(match.Value, (string)environment[match.Value]!), StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => (IReadOnlyList<Uri>)[.. group], StringComparer.Ordinal);
        return urls.Count == 0 ? null : new RunningAppHost("the environment", Environment.ProcessId, urls, KeyOf(environment), Dashboard: null, Resources: null);
    }

    private static string? KeyOf(IDictionary environment)
    {
        if (environment["FLOW_SECRETS"] is not string { Length: > 0 } directory || !File.Exists(Path.Combine(directory, KeyName)))
        {
            return environment[KeyName] as string;
        }
        try
        {
            return File.ReadAllText(Path.Combine(directory, KeyName)).TrimEnd('\n');
        }
        catch (UnauthorizedAccessException)
        {
            throw new CliException(ExitCode.Refused, $"{Path.Combine(directory, KeyName)} can't be read by this user.");
        }
    }

    private static Uri ToUri(string name, string text) => Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri : throw new CliException(ExitCode.Misuse, $"{name} is '{text}', which is no address.");

    [GeneratedRegex(@"^services__(?<service>[A-Za-z0-9-]+)__http__(?<index>\d{1,4})$")]
    private static partial Regex Variable();
}
