using System.Security.Cryptography;
using System.Text.Json;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Postgres;

/// <summary>What belongs to a data directory for its whole life: the superuser, and who made the cluster (<see cref="ServerUser.Name"/>; null: not yet made).</summary>
internal sealed record PostgresSecrets(string User, string Password, string? Owner)
{
    private const string FileName = "node.json";
    private const string Alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    private const int PasswordLength = 28;

    /// <exception cref="PostgresServerException">The directory was created with other credentials, or its file is damaged.</exception>
    public static PostgresSecrets LoadOrCreate(string dataDirectory, string user, string? password)
    {
        CheckPlain("user", user);
        if (password is not null)
        {
            CheckPlain("password", password);
        }
        if (File.Exists(PathIn(dataDirectory)))
        {
            var kept = Read(PathIn(dataDirectory));
            return kept.User == user && (password is null || kept.Password == password)
                ? kept
                : throw new PostgresServerException($"The Postgres data in {dataDirectory} was created with another user or password. " +
                    "Give the same ones, or delete that folder (what services stored is lost).");
        }
        var created = new PostgresSecrets(user, password ?? RandomNumberGenerator.GetString(Alphabet, PasswordLength), Owner: null);
        created.Save(dataDirectory);
        return created;
    }

    public void Save(string dataDirectory) => PrivateFile.Write(PathIn(dataDirectory), JsonSerializer.Serialize(this));

    private static string PathIn(string dataDirectory) => Path.Combine(dataDirectory, FileName);

    private static PostgresSecrets Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<PostgresSecrets>(File.ReadAllText(file)) ?? throw new JsonException("empty");
        }
        catch (JsonException e)
        {
            throw new PostgresServerException($"{file} can't be read ({e.Message}). Restore it, or delete the folder with the Postgres data.", e);
        }
    }

    /// <summary>They go into connection strings: no character that would have to be escaped there.</summary>
    private static void CheckPlain(string what, string value)
    {
        if (value.Length == 0 || !value.All(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_'))
        {
            throw new PostgresServerException($"The Postgres {what} may hold letters, digits, '-' and '_' only, and not be empty.");
        }
    }
}
