using System.Data.Common;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>Replaces known secrets in whatever is shown or logged. Safe for concurrent use.</summary>
internal sealed class SecretMask
{
    public const string Masked = "***";

    // Shorter values would mask ordinary words.
    private const int LengthMin = 4;

    private readonly Lock gate = new();
    private volatile string[] secrets = [];

    public void Add(string secret)
    {
        lock (gate)
        {
            if (secret.Length >= LengthMin && !secrets.Contains(secret, StringComparer.Ordinal))
            {
                secrets = [.. secrets.Append(secret).OrderByDescending(value => value.Length)];
            }
        }
    }

    /// <summary>The password of a connection string: of a URI, as written and decoded, or of one of pairs like <c>Password=…;</c>.</summary>
    public void AddConnectionString(string connectionString)
    {
        foreach (var value in PasswordsIn(connectionString))
        {
            Add(value);
        }
        if (Uri.TryCreate(connectionString, UriKind.Absolute, out var uri) && uri.UserInfo.Split(':', 2) is [_, var password])
        {
            Add(password);
            Add(Uri.UnescapeDataString(password));
        }
    }

    private static IEnumerable<string> PasswordsIn(string connectionString)
    {
        DbConnectionStringBuilder pairs;
        try
        {
            pairs = new DbConnectionStringBuilder { ConnectionString = connectionString };
        }
        catch (ArgumentException)
        {
            return []; // of another form
        }
        return ((string[])["Password", "PWD", "PSW"]).Where(pairs.ContainsKey).Select(name => pairs[name].ToString() ?? "");
    }

    public string Apply(string text)
    {
        foreach (var secret in secrets)
        {
            text = text.Replace(secret, Masked, StringComparison.Ordinal);
        }
        return text;
    }
}
