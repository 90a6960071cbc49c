using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace FlowPlatform.RabbitMQ.StreamProtocol;

/// <summary>
/// TLS towards a broker. Its certificate is always checked: chain, dates, purpose and host name. There is no switch for not checking; a private authority goes into <see cref="TrustedRoots"/>.
/// </summary>
public sealed class TlsOptions
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Name that the broker's certificate must have; default: the host as it is addressed. Needed where nodes are addressed by names that their certificates don't have.</summary>
    public string? ServerName { get; init; }

    /// <summary>Authorities to trust instead of the system's; default: the system's.</summary>
    public X509Certificate2Collection? TrustedRoots { get; init; }

    /// <summary>Our own certificate with its private key, for brokers that ask for one; default: none. <see cref="SaslMechanism.External"/> needs it.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>Certificates between <see cref="ClientCertificate"/> and its authority, sent along; default: none.</summary>
    public X509Certificate2Collection? ClientChain { get; init; }

    /// <summary>Whether to ask the authority for revoked certificates, which takes time and the network; default: not.</summary>
    public X509RevocationMode RevocationMode { get; init; } = X509RevocationMode.NoCheck;

    /// <summary>Reads PEM files.</summary>
    /// <param name="authorityFile">Authorities to trust; null: the system's.</param>
    /// <param name="certificateFile">Our own certificate, followed by those that lead to its authority; null: none.</param>
    /// <param name="keyFile">Its private key, not encrypted; null: it is in <paramref name="certificateFile"/>.</param>
    /// <param name="serverName">See <see cref="ServerName"/>.</param>
    /// <exception cref="ArgumentException">A file can't be read or doesn't hold what it should.</exception>
    public static TlsOptions FromFiles(string? authorityFile, string? certificateFile = null, string? keyFile = null, string? serverName = null)
    {
        if (certificateFile is null && keyFile is not null)
        {
            throw new ArgumentException($"The key file {keyFile} is given without its certificate's file.", nameof(keyFile));
        }

        var chain = certificateFile is null ? null : Load(certificateFile);
        chain?.RemoveAt(0);
        return new TlsOptions
        {
            ServerName = serverName,
            TrustedRoots = authorityFile is null ? null : Load(authorityFile),
            ClientCertificate = certificateFile is null ? null : LoadWithKey(certificateFile, keyFile),
            ClientChain = chain,
        };
    }

    internal SslClientAuthenticationOptions ForHost(string host) => new()
    {
        TargetHost = ServerName ?? host,
        CertificateChainPolicy = Policy(),
        ClientCertificateContext = ClientCertificate is null ? null : SslStreamCertificateContext.Create(ClientCertificate, ClientChain, offline: true),
    };

    /// <summary>The same check for clients that take a callback only. <paramref name="errors"/> is what the system's trust found.</summary>
    internal bool IsTrusted(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != 0)
        {
            return false;
        }

        if (TrustedRoots is null && RevocationMode == X509RevocationMode.NoCheck)
        {
            return errors == SslPolicyErrors.None;
        }

        using var own = new X509Chain { ChainPolicy = Policy() };
        foreach (var element in chain?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
        {
            own.ChainPolicy.ExtraStore.Add(element.Certificate);
        }

        using var checkable = X509CertificateLoader.LoadCertificate(certificate.GetRawCertData());
        return own.Build(checkable);
    }

    private X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy { RevocationMode = RevocationMode };
        policy.ApplicationPolicy.Add(new Oid(ServerAuthentication));
        if (TrustedRoots is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(TrustedRoots);
        }

        return policy;
    }

    private static X509Certificate2Collection Load(string file)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ArgumentException($"The certificates in {file} can't be read: {e.Message}", nameof(file), e);
        }

        return certificates.Count > 0 ? certificates : throw new ArgumentException($"{file} holds no certificate. PEM is expected: -----BEGIN CERTIFICATE-----.", nameof(file));
    }

    private static X509Certificate2 LoadWithKey(string certificateFile, string? keyFile)
    {
        try
        {
            var certificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
            if (!OperatingSystem.IsWindows())
            {
                return certificate;
            }

            // Windows' TLS takes no key that lives in memory alone.
            using (certificate)
            {
                return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pfx), null);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new ArgumentException($"The key of {certificateFile} can't be read from {keyFile ?? "it"}: {e.Message}", nameof(keyFile), e);
        }
    }
}
