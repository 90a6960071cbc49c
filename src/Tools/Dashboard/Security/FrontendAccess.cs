using System.Security.Cryptography;
using System.Text;

namespace FlowPlatform.Dashboard.Security;

/// <summary>Who may see the pages.</summary>
internal enum FrontendAuthMode
{
    /// <summary>Who has the link with the token.</summary>
    BrowserToken,

    /// <summary>Whom an identity provider vouches for.</summary>
    OpenIdConnect,

    /// <summary>Everybody on this machine.</summary>
    Unsecured,
}

/// <summary>How the pages are protected.</summary>
internal sealed record FrontendAccess
{
    /// <summary>Default <see cref="FrontendAuthMode.BrowserToken"/>.</summary>
    public FrontendAuthMode Mode { get; init; }

    /// <summary>What opens the pages in mode <see cref="FrontendAuthMode.BrowserToken"/>; made anew at each start where none is set: 128 bits.</summary>
    public required string BrowserToken { get; init; }

    /// <summary>A claim that a user must have in mode <see cref="FrontendAuthMode.OpenIdConnect"/>; null: who is signed in may see everything.</summary>
    public string? RequiredClaimType { get; init; }

    /// <summary>The value that it must have; null: any.</summary>
    public string? RequiredClaimValue { get; init; }

    /// <summary>Where the keys are kept that cookies are sealed with; null: nowhere, and cookies are worth nothing after a restart.</summary>
    public string? KeyDirectory { get; init; }

    /// <summary>Tells this dashboard's cookies from those of others: a browser sends them to every port of a machine.</summary>
    public required string CookieSuffix { get; init; }

    /// <summary>Goes into the cookie: another token makes it worthless.</summary>
    public string TokenMark => Convert.ToHexStringLower(Hash(BrowserToken))[..16];

    /// <summary>Compares in a time that tells nothing of the token, nor of its length.</summary>
    public bool IsToken(string? given) => given is not null && CryptographicOperations.FixedTimeEquals(Hash(given), Hash(BrowserToken));

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
