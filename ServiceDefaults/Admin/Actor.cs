using Microsoft.AspNetCore.Http;

namespace ServiceDefaults.Admin;

/// <summary>Who uses an administrative verb, for the audit: what header <c>X-Flow-Actor</c> says; else only that somebody had the key.</summary>
public static class Actor
{
    /// <summary>The header.</summary>
    public const string Header = "X-Flow-Actor";

    /// <summary>Who is taken to ask where nobody is named.</summary>
    public const string Unnamed = "key";

    private const int MaxLength = 64;

    /// <summary>Reads the header, and names the fault if it is no name.</summary>
    public static string Of(HttpContext http, Faults faults)
    {
        var given = http.Request.Headers[Header].ToString();
        faults.Require(given.Length <= MaxLength && !given.Any(char.IsControl), Header, $"A name has at most {MaxLength} printable characters.");
        return string.IsNullOrWhiteSpace(given) ? Unnamed : given.Trim();
    }
}
