using Microsoft.AspNetCore.DataProtection;

namespace FlowPlatform.Dashboard.Security;

/// <summary>The keys that cookies and forms are sealed with.</summary>
internal static class Keys
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Kept in a directory that only the owner can enter, in files that only he can read; without a directory in memory.</summary>
    public static void Add(IServiceCollection services, string? directory)
    {
        var protection = services.AddDataProtection().SetApplicationName("FlowPlatform.Dashboard");
        if (directory is null)
        {
            protection.UseEphemeralDataProtectionProvider();
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
            protection.ProtectKeysWithDpapi();
        }
        else
        {
            Directory.CreateDirectory(directory, OwnerOnly);
            File.SetUnixFileMode(directory, OwnerOnly);
        }

        protection.PersistKeysToFileSystem(new DirectoryInfo(directory));
    }
}
