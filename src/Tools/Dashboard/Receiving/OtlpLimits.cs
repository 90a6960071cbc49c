using Code = Google.Rpc.Code;

namespace FlowPlatform.Dashboard.Receiving;

/// <summary>Bounds what a request can make of memory, before it is made: an empty span takes 2 bytes on the wire and 200 in memory.</summary>
internal sealed class OtlpLimits
{
    /// <summary>Bytes of one request, not compressed; gRPC's usual limit. The .NET exporter's largest usual requests (512 spans) have 400,000.</summary>
    public const int MaxMessage = 4 << 20;

    /// <summary>Resources, scopes and items of one request, and what they have (names, attributes, events, …). The request above has 13,000.</summary>
    public const int MaxParts = 262_144;

    /// <summary>What nests in a request, level by level: resources, their scopes, their items.</summary>
    public static readonly OtlpLimits Plain = new([[1], [2], [2]]);

    /// <summary>A metric has, by its kind, data in one of five fields, and that has its points.</summary>
    public static readonly OtlpLimits Metrics = new([[1], [2], [2], [5, 7, 9, 10, 11], [1]]);

    private readonly int[][] nested;

    private OtlpLimits(int[][] nested) => this.nested = nested;

    /// <summary>Counts parts without making them.</summary>
    /// <exception cref="InvalidDataException">It is malformed.</exception>
    /// <exception cref="OtlpException">There are too many.</exception>
    public void Check(ReadOnlySpan<byte> message)
    {
        var parts = 0;
        Count(new ProtobufReader(message), 0, ref parts);
    }

    private void Count(ProtobufReader reader, int level, ref int parts)
    {
        while (reader.Next())
        {
            if (!reader.HasLength)
            {
                continue;
            }

            if (++parts > MaxParts)
            {
                throw new OtlpException(Code.ResourceExhausted, $"The request has more than {MaxParts} parts. Send smaller batches.");
            }

            if (level < nested.Length && nested[level].Contains(reader.Field))
            {
                Count(reader.Message(), level + 1, ref parts);
            }
        }
    }
}
