using System.Security.Cryptography;
using System.Text.Json;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>What belongs to a data directory for its whole life: node name, credentials, Erlang cookie.</summary>
internal sealed record NodeSecrets(string NodeName, string User, string Password, string Cookie)
{
    private const string FileName = "node.json";
    private const string Alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";

    /// <exception cref="BrokerException">The directory was created with other credentials, or its file is damaged.</exception>
    public static NodeSecrets LoadOrCreate(string dataDirectory, string user, string? password)
    {
        CheckPlain("user", user);
        if (password is not null)
        {
            CheckPlain("password", password);
        }
        var file = Path.Combine(dataDirectory, FileName);
        if (File.Exists(file))
        {
            var kept = Read(file);
            return kept.User == user && (password is null || kept.Password == password)
                ? kept
                : throw new BrokerException($"The broker's data in {dataDirectory} was created with another user or password. " +
                    "Give the same ones, or delete that folder (its messages are lost).");
        }
        var created = new NodeSecrets($"flow-{Random(8).ToLowerInvariant()}@localhost", user, password ?? Random(28), Random(28));
        PrivateFile.Write(file, JsonSerializer.Serialize(created));
        return created;
    }

    private static NodeSecrets Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<NodeSecrets>(File.ReadAllText(file)) ?? throw new JsonException("empty");
        }
        catch (JsonException e)
        {
            throw new BrokerException($"{file} can't be read ({e.Message}). Restore it, or delete the broker's data folder.", e);
        }
    }

    /// <summary>They go into a configuration file and URIs: no character that either would have to escape.</summary>
    internal static void CheckPlain(string what, string value)
    {
        if (value.Length == 0 || !value.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_'))
        {
            throw new BrokerException($"The broker's {what} may hold letters, digits, '-' and '_' only, and not be empty.");
        }
    }

    internal static string Random(int length) => RandomNumberGenerator.GetString(Alphabet, length);
}
