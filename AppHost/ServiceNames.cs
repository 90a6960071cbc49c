using System.Text.RegularExpressions;
using Aspire.Hosting;

namespace FlowPlatform.AppHost;

/// <summary>The services that can be run here, by the projects that the AppHost refers to: all in src/Services.</summary>
internal static partial class ServiceNames
{
    /// <summary>Who has a store, and may have replicas. The simulator keeps nothing that the system is built on.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. typeof(ServiceNames).Assembly.GetTypes().Where(IsService).Select(type => Of(type)).Order(StringComparer.Ordinal)];

    /// <summary>A project's name in kebab-case, as the service itself and its settings have it: <c>Bar.Loyalty</c> is bar-loyalty.</summary>
    public static string Of(Type project) => Ends().Replace(Words().Replace(project.Name, "-"), "").ToLowerInvariant();

    private static bool IsService(Type type) =>
        type is { Namespace: "Projects", IsClass: true } && type.IsAssignableTo(typeof(IProjectMetadata)) && type.Name is not (nameof(Projects.Simulator) or nameof(Projects.Dashboard));

    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")]
    private static partial Regex Words();

    [GeneratedRegex("^-+|-+$")]
    private static partial Regex Ends();
}
