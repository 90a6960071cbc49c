using System.Text.Json;
using Aspire.Hosting;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>Generated secrets, kept with the data they protect (mode 0600): new data, new secrets.</summary>
internal sealed class SecretStore(string dataDirectory)
{
    private readonly Lock gate = new();

    private string FileName => Path.Combine(dataDirectory, "secrets.json");

    public string GetOrAdd(string name, Func<string> generate)
    {
        lock (gate)
        {
            var secrets = Read();
            if (secrets.TryGetValue(name, out var kept))
            {
                return kept;
            }
            Directory.CreateDirectory(dataDirectory);
            secrets[name] = generate();
            PrivateFile.Write(FileName, JsonSerializer.Serialize(secrets));
            return secrets[name];
        }
    }

    private SortedDictionary<string, string> Read()
    {
        try
        {
            return File.Exists(FileName) ? JsonSerializer.Deserialize<SortedDictionary<string, string>>(File.ReadAllText(FileName)) ?? [] : [];
        }
        catch (JsonException e)
        {
            throw new DistributedApplicationException($"{FileName} can't be read ({e.Message}). Restore it, or delete the data directory.", e);
        }
    }
}
