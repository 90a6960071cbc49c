namespace FlowPlatform.Orchestration.Broker;

internal static class UserCache
{
    /// <summary>A folder below <c>$XDG_CACHE_HOME/flowplatform</c>, by default <c>~/.cache/flowplatform</c>.</summary>
    /// <exception cref="BrokerException">The user has no home.</exception>
    public static string Folder(string name)
    {
        // The specification says that a relative value is to be ignored.
        if (Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } cache && Path.IsPathRooted(cache))
        {
            return Path.Combine(cache, "flowplatform", name);
        }
        var home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        return home.Length > 0
            ? Path.Combine(home, ".cache", "flowplatform", name)
            : throw new BrokerException("The user has no home folder to cache packages in. Set XDG_CACHE_HOME.");
    }
}
