using System.Globalization;
using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ;

/// <summary>A kind of address: its schemes and default ports.</summary>
internal sealed record UriForm(string Name, string Scheme, int Port, string SecureScheme, int SecurePort)
{
    public static readonly UriForm Amqp = new("AMQP", "amqp", 5672, "amqps", 5671);

    public static readonly UriForm Stream = new("stream", "rabbitmq-stream", 5552, "rabbitmq-stream+tls", 5551);
}

/// <summary>
/// An address taken apart. Its parameters have the names of RabbitMQ's own
/// (<see href="https://www.rabbitmq.com/docs/uri-query-parameters">URI query parameters</see>), so that an address works for several clients. Messages never quote it, for it holds a password.
/// </summary>
internal sealed class BrokerUri
{
    private static readonly string[] Known = ["cacertfile", "certfile", "keyfile", "server_name_indication", "verify", "auth_mechanism", "load_balancer", "nodes"];

    /// <summary>More are not worth asking: one that answers names the others.</summary>
    private const int NodesMax = 16;

    private readonly Dictionary<string, string> parameters;

    private BrokerUri(Uri uri, UriForm form)
    {
        IsSecure = uri.Scheme == form.SecureScheme;
        Endpoint = new StreamEndpoint(uri.IdnHost, uri.Port >= 0 ? uri.Port : IsSecure ? form.SecurePort : form.Port);
        VirtualHost = uri.AbsolutePath.Length > 1 ? Uri.UnescapeDataString(uri.AbsolutePath[1..]) : "/";
        parameters = Parameters(uri, form);
        Mechanism = ReadMechanism(form);
        LoadBalancer = parameters.TryGetValue("load_balancer", out var balanced) && (bool.TryParse(balanced, out var on)
            ? on
            : throw new ArgumentException($"The {form.Name} address has load_balancer={balanced}; true or false is possible."));
        Nodes = ReadNodes(form);
        CheckVerify(form);
        Tls = ReadTls(form);
        (User, Password) = ReadCredentials(uri, form);
    }

    /// <summary>Where it points.</summary>
    public StreamEndpoint Endpoint { get; }

    public string VirtualHost { get; }

    /// <summary>Whether the scheme asks for TLS.</summary>
    public bool IsSecure { get; }

    /// <summary>What it says about TLS; null if nothing, or if it doesn't ask for TLS.</summary>
    public TlsOptions? Tls { get; }

    /// <summary>Null if it doesn't say.</summary>
    public SaslMechanism? Mechanism { get; }

    /// <summary>Null if it doesn't say.</summary>
    public string? User { get; }

    public string? Password { get; }

    /// <summary>Whether every node is reached by this very address.</summary>
    public bool LoadBalancer { get; }

    /// <summary>Further nodes of the same broker.</summary>
    public IReadOnlyList<StreamEndpoint> Nodes { get; }

    /// <summary>Reads an address.</summary>
    /// <exception cref="ArgumentException">It is malformed, or a file that it names can't be read.</exception>
    public static BrokerUri Parse(Uri uri, UriForm form) =>
        uri.IsAbsoluteUri && (uri.Scheme == form.Scheme || uri.Scheme == form.SecureScheme) && uri.Host.Length > 0
            ? new BrokerUri(uri, form)
            : throw new ArgumentException(string.Create(
                CultureInfo.InvariantCulture,
                $"The {form.Name} address must have the form {form.Scheme}://user:password@host:port, or {form.SecureScheme}://… for TLS; this one {(uri.IsAbsoluteUri ? $"starts with {uri.Scheme}://" : "is not absolute")}."));

    private static Dictionary<string, string> Parameters(Uri uri, UriForm form)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            var pair = part.Split('=', 2);
            if (!Known.Contains(pair[0]))
            {
                throw new ArgumentException($"The {form.Name} address has the unknown parameter '{pair[0]}'. Known are: {string.Join(", ", Known)}.");
            }

            found[pair[0]] = pair.Length == 2 ? Uri.UnescapeDataString(pair[1]) : string.Empty;
        }

        return found;
    }

    private SaslMechanism? ReadMechanism(UriForm form) => parameters.GetValueOrDefault("auth_mechanism")?.ToLowerInvariant() switch
    {
        null => null,
        "plain" => SaslMechanism.Plain,
        "external" => SaslMechanism.External,
        var other => throw new ArgumentException($"The {form.Name} address has auth_mechanism={other}; plain or external is possible."),
    };

    private StreamEndpoint[] ReadNodes(UriForm form)
    {
        if (!parameters.TryGetValue("nodes", out var text))
        {
            return [];
        }

        if (LoadBalancer)
        {
            throw new ArgumentException($"The {form.Name} address has load_balancer=true and nodes: behind a load balancer the address stands for all nodes.");
        }

        var nodes = text.Split(',');
        return nodes.Length <= NodesMax
            ? [.. nodes.Select(node => ReadNode(node, form))]
            : throw new ArgumentException($"The {form.Name} address has {nodes.Length} nodes; up to {NodesMax} are possible.");
    }

    private StreamEndpoint ReadNode(string node, UriForm form) =>
        node.IndexOfAny(['/', '@', '?', '#', '\\']) < 0 && Uri.TryCreate($"{form.Scheme}://{node}", UriKind.Absolute, out var uri) && uri.Host.Length > 0
            ? new StreamEndpoint(uri.IdnHost, uri.Port >= 0 ? uri.Port : IsSecure ? form.SecurePort : form.Port)
            : throw new ArgumentException($"The {form.Name} address has the node '{node}'; it must be like nodes=host:{form.Port},host:{form.Port}.");

    private void CheckVerify(UriForm form)
    {
        if (parameters.TryGetValue("verify", out var verify) && verify != "verify_peer")
        {
            throw new ArgumentException(
                $"The {form.Name} address has verify={verify}. The broker's certificate is always checked; for a private authority name its file with cacertfile.");
        }
    }

    private TlsOptions? ReadTls(UriForm form)
    {
        var given = Known.Take(5).Where(parameters.ContainsKey).ToList();
        if (!IsSecure)
        {
            return given.Count == 0 ? null : throw new ArgumentException($"The {form.Name} address has {given[0]}, which is for TLS: then it starts with {form.SecureScheme}://.");
        }

        return given.Count == 0
            ? null
            : TlsOptions.FromFiles(
                parameters.GetValueOrDefault("cacertfile"),
                parameters.GetValueOrDefault("certfile"),
                parameters.GetValueOrDefault("keyfile"),
                parameters.GetValueOrDefault("server_name_indication"));
    }

    private (string? User, string? Password) ReadCredentials(Uri uri, UriForm form)
    {
        if (uri.UserInfo.Length == 0)
        {
            return (null, null);
        }

        var parts = uri.UserInfo.Split(':', 2);
        return parts.Length == 2 && parts[0].Length > 0
            ? (Uri.UnescapeDataString(parts[0]), Uri.UnescapeDataString(parts[1]))
            : throw new ArgumentException($"The {form.Name} address of {Endpoint.Host} has no user:password. There is no default user.");
    }
}
