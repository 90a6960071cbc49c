using FlowPlatform.Dashboard.Receiving;
using OpenTelemetry.Proto.Common.V1;

namespace FlowPlatform.Dashboard.Traces;

/// <summary>Whom a client's span calls, where that sends no telemetry of its own.</summary>
internal static class Peers
{
    private const string Database = "db ";
    private const string Other = "at ";

    /// <summary>By OpenTelemetry's conventions, those of today and those before; null if the span doesn't say.</summary>
    public static string? Read(IReadOnlyList<KeyValue> attributes)
    {
        if ((OriginReader.Find(attributes, "db.system.name") ?? OriginReader.Find(attributes, "db.system")) is { } system)
        {
            var name = OriginReader.Find(attributes, "db.namespace") ?? OriginReader.Find(attributes, "db.name");
            return Database + AttributeJson.Cut(name is null ? system : $"{system} {name}");
        }

        if (OriginReader.Find(attributes, "peer.service") is { } service)
        {
            return Other + AttributeJson.Cut(service);
        }

        var port = OriginReader.Find(attributes, "server.port");
        return OriginReader.Find(attributes, "server.address") is { } address ? Other + AttributeJson.Cut(port is null ? address : $"{address}:{port}") : null;
    }

    /// <summary>What is shown, and whether it is a database.</summary>
    public static (string Name, bool IsDatabase) Parse(string peer) => (peer[Database.Length..], peer.StartsWith(Database, StringComparison.Ordinal));
}
