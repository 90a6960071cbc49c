using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Claims;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace FlowPlatform.Dashboard.Tests.Support;

/// <summary>An OpenID provider that knows one user and asks nobody for a password. Authorization code flow, as the specification has it.</summary>
internal sealed class IdentityProvider : IAsyncDisposable
{
    public const string ClientId = "dashboard-of-this-test";

    private readonly WebApplication app;
    private readonly RSA rsa = RSA.Create(2_048);
    private readonly ConcurrentDictionary<string, (string Nonce, string Challenge)> codes = [];
    private readonly Claim[] claims;

    private IdentityProvider(WebApplication app, Claim[] claims) => (this.app, this.claims) = (app, claims);

    public string Authority => app.Urls.First();

    private RsaSecurityKey Key => new(rsa) { KeyId = "key-1" };

    public static async Task<IdentityProvider> StartAsync(params Claim[] claims)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.Urls.Add("http://127.0.0.1:0");
        var provider = new IdentityProvider(app, claims);
        app.MapGet("/.well-known/openid-configuration", () => Results.Json(new
        {
            issuer = provider.Authority,
            authorization_endpoint = $"{provider.Authority}/authorize",
            token_endpoint = $"{provider.Authority}/token",
            jwks_uri = $"{provider.Authority}/keys",
            response_types_supported = new[] { "code" },
        }));
        app.MapGet("/keys", () => Results.Json(new { keys = new[] { new { kty = "RSA", use = "sig", alg = "RS256", kid = "key-1", n = Base64UrlEncoder.Encode(provider.rsa.ExportParameters(false).Modulus), e = Base64UrlEncoder.Encode(provider.rsa.ExportParameters(false).Exponent) } } }));
        app.MapGet("/authorize", provider.Authorize);
        app.MapPost("/token", provider.TokenAsync);
        await app.StartAsync(TestContext.Current.CancellationToken);
        return provider;
    }

    public async ValueTask DisposeAsync()
    {
        await app.DisposeAsync();
        rsa.Dispose();
    }

    private IResult Authorize(HttpRequest request)
    {
        if (request.Query["client_id"] != ClientId || request.Query["response_type"] != "code" || request.Query["code_challenge_method"] != "S256")
        {
            return Results.BadRequest();
        }

        var code = RandomNumberGenerator.GetHexString(16);
        codes[code] = (request.Query["nonce"]!, request.Query["code_challenge"]!);
        return Results.Redirect($"{request.Query["redirect_uri"]}?code={code}&state={Uri.EscapeDataString(request.Query["state"]!)}");
    }

    private async Task<IResult> TokenAsync(HttpRequest request)
    {
        var form = await request.ReadFormAsync();
        if (!codes.TryRemove(form["code"].ToString(), out var asked) || Base64UrlEncoder.Encode(SHA256.HashData(System.Text.Encoding.ASCII.GetBytes(form["code_verifier"].ToString()))) != asked.Challenge)
        {
            return Results.BadRequest(new { error = "invalid_grant" });
        }

        var now = TimeProvider.System.GetUtcNow();
        var token = new JsonWebTokenHandler().CreateToken(new SecurityTokenDescriptor
        {
            Issuer = Authority,
            Audience = ClientId,
            IssuedAt = now.UtcDateTime,
            NotBefore = now.UtcDateTime,
            Expires = now.AddMinutes(5).UtcDateTime,
            Subject = new ClaimsIdentity([new Claim("sub", "ada"), new Claim("name", "Ada"), new Claim("nonce", asked.Nonce), .. claims]),
            SigningCredentials = new SigningCredentials(Key, SecurityAlgorithms.RsaSha256),
        });
        return Results.Json(new { access_token = "none", token_type = "Bearer", expires_in = 300.ToString(CultureInfo.InvariantCulture), id_token = token });
    }
}
