namespace FlowPlatform.Orchestration.Processes;

internal static class PrivateFile
{
    /// <summary>Writes a file that only its owner can read (mode 0600), atomically: it has its mode before it has its content.</summary>
    public static void Write(string path, string content)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        var temporary = $"{path}.{Guid.NewGuid():N}";
        using (var writer = new StreamWriter(temporary, options))
        {
            writer.Write(content);
        }
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Creates a folder that only its owner can enter (mode 0700).</summary>
    public static void CreateFolder(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }
    }

    /// <summary>Whether nobody but the owner has rights to it.</summary>
    public static bool IsPrivate(string path) =>
        OperatingSystem.IsWindows() || (File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)) == 0;
}
