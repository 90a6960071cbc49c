namespace FlowPlatform.Chaos.Checking;

/// <summary>
/// A copy of a SQLite database that its owner has open. A store on a small disk lies in another mount namespace; the kernel leads there through <c>/proc/PID/root</c>, but SQLite resolves that link by itself, to the
/// harness' own root, and finds no file.
/// </summary>
internal static class StoreCopy
{
    private const int AttemptsMax = 20;
    private const int WalHeaderBytes = 32;

    /// <summary>
    /// Copies database and write-ahead log; the path of the copy. A log that grew meanwhile ends in half a transaction at worst, which SQLite leaves out. A checkpoint in between would lose rows: then again.
    /// </summary>
    /// <exception cref="ChaosException">It was never quiet for as long as that takes.</exception>
    public static async Task<string> MakeAsync(string file, string folder, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var copy = Path.Combine(folder, Path.GetFileName(file));
        for (var attempt = 0; attempt < AttemptsMax; attempt++)
        {
            var before = await StateAsync(file, cancellationToken);
            File.Delete($"{copy}-shm");
            File.Copy(file, copy, overwrite: true);
            CopyLog($"{file}-wal", $"{copy}-wal");
            if (await StateAsync(file, cancellationToken) == before)
            {
                return copy;
            }
        }

        throw new ChaosException($"{file} changed in each of {AttemptsMax} attempts to copy it.");
    }

    /// <summary>What a checkpoint changes: the database, and then the salt in the log's header.</summary>
    private static async Task<(DateTime Written, long Length, string Header)> StateAsync(string file, CancellationToken cancellationToken)
    {
        var info = new FileInfo(file);
        return (info.LastWriteTimeUtc, info.Length, await HeaderAsync($"{file}-wal", cancellationToken));
    }

    private static async Task<string> HeaderAsync(string log, CancellationToken cancellationToken)
    {
        if (!File.Exists(log))
        {
            return "";
        }

        await using var stream = new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var header = new byte[WalHeaderBytes];
        var read = await stream.ReadAtLeastAsync(header, WalHeaderBytes, throwOnEndOfStream: false, cancellationToken);
        return Convert.ToHexString(header.AsSpan(0, read));
    }

    private static void CopyLog(string log, string copy)
    {
        if (File.Exists(log))
        {
            File.Copy(log, copy, overwrite: true);
        }
        else
        {
            File.Delete(copy);
        }
    }
}
