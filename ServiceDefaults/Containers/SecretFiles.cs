using Microsoft.Extensions.Configuration;

namespace ServiceDefaults.Containers;

/// <summary>
/// Settings that are secret, as files: those of the directory that <c>FLOW_SECRETS</c> names, where Docker and Kubernetes mount them. A file's name is the setting's (<c>FLOW_ADMIN_KEY</c>,
/// <c>ConnectionStrings__rabbitmq</c>), its content the value, without the line's end. What is in a file is in no environment: <c>docker inspect</c> and child processes don't see it.
/// </summary>
public static class SecretFiles
{
    /// <summary>Names the directory.</summary>
    public const string Variable = "FLOW_SECRETS";

    /// <summary>Reads them over whatever the environment says; without <see cref="Variable"/> nothing happens.</summary>
    /// <exception cref="DirectoryNotFoundException">The directory isn't there: a service without its secrets must not start with others.</exception>
    public static void AddSecretFiles(this IConfigurationManager configuration)
    {
        if (configuration[Variable] is { Length: > 0 } directory)
        {
            configuration.AddKeyPerFile(Path.GetFullPath(directory), optional: false);
        }
    }
}
