using System.Reflection;

// Every test builds: two at once would only wait for each other, and might build the same projects.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace FlowPlatform.Templates.Tests;

/// <summary>The clone that the tests were built from.</summary>
internal static class Clone
{
    public static string Root { get; } = Metadata("RepositoryRoot");

    public static string Version { get; } = Metadata("Version");

    /// <summary>Debug or Release: what is built already.</summary>
    public static string Configuration { get; } = Metadata("Configuration");

    private static string Metadata(string key) => typeof(Clone).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(data => data.Key == key).Value!;
}
