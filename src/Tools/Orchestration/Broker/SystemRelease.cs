using System.Runtime.InteropServices;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>What /etc/os-release says.</summary>
internal sealed record SystemRelease(string Id, string VersionId, string IdLike, string Architecture)
{
    public bool IsDebianLike => Id is "debian" or "ubuntu" || IdLike.Split(' ').Any(id => id is "debian" or "ubuntu");

    public static SystemRelease Current()
    {
        const string File = "/etc/os-release";
        return Parse(System.IO.File.Exists(File) ? System.IO.File.ReadAllText(File) : "");
    }

    public static SystemRelease Parse(string osRelease)
    {
        var values = osRelease.Split('\n').Select(line => line.Split('=', 2)).Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0].Trim(), pair => pair[1].Trim().Trim('"', '\''), StringComparer.Ordinal);
        return new SystemRelease(
            values.GetValueOrDefault("ID", OperatingSystem.IsLinux() ? "linux" : RuntimeInformation.OSDescription.Split(' ')[0]),
            values.GetValueOrDefault("VERSION_ID", values.GetValueOrDefault("VERSION_CODENAME", "rolling")),
            values.GetValueOrDefault("ID_LIKE", ""),
            RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant());
    }
}
