using System.Text.Json;

namespace FlowPlatform.AppHost;

/// <summary>
/// What tools need to talk to a running AppHost. The broker's addresses hold its credentials; without a broker, the embedded log's directory stands for them.
/// Resources is where resources are started and stopped, with the key for it; not under Aspire, whose own dashboard does that. Stores is sqlite or postgres; the server's address is without credentials: services' databases are their own. The dashboard's address logs in whoever opens it. A service's address is a text, or a list of one for each of its replicas.
/// </summary>
internal sealed record RunningAppHost(
    int Pid, IReadOnlyDictionary<string, object> Urls, string? Broker, string? BrokerStream, string? AdminKey, string? EmbeddedLog, string Stores, string? Postgres, string? Dashboard, ResourceService? Resources)
{
    public static object OneOrAll(IReadOnlyList<string> urls) => urls is [var only] ? only : urls;
}

/// <summary>Where resources are commanded.</summary>
internal sealed record ResourceService(string Url, string Key);

/// <summary><c>apphost.json</c> in the data directory: only its owner can read it, and it is there only while the AppHost runs.</summary>
internal sealed class RunFile(string dataDirectory)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private bool written;

    private string FileName => Path.Combine(dataDirectory, "apphost.json");

    public void Write(RunningAppHost content)
    {
        Directory.CreateDirectory(dataDirectory);
        var temporary = FileName + ".new";
        File.Delete(temporary); // one left behind may have another mode
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        using (var stream = new FileStream(temporary, options))
        {
            JsonSerializer.Serialize(stream, content, Json);
        }
        File.Move(temporary, FileName, overwrite: true);
        written = true;
    }

    /// <summary>Not one of another AppHost that this one found on its data directory.</summary>
    public void Remove()
    {
        if (written)
        {
            File.Delete(FileName);
        }
    }
}
