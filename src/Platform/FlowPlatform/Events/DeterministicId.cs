using System.Security.Cryptography;
using System.Text;

namespace FlowPlatform.Events;

/// <summary>
/// Ids that come out the same whenever the same decision is made again (rule P7): UUID version 5 (RFC 9562 §5.5) of who decided, what caused it and the ordinal.
/// A reactor whose store lost its tail decides again; without this the same fact would exist twice, under two ids.
/// </summary>
public static class DeterministicId
{
    // The name space of all ids made here: an arbitrary UUID, fixed for ever.
    private static readonly byte[] Namespace = Guid.Parse("6f1d7c1e-52a5-4d0b-9c55-8f0e6a3b7d21").ToByteArray(bigEndian: true);

    /// <summary>The id for what <paramref name="decider"/> in <paramref name="service"/> does because of <paramref name="causeId"/>.</summary>
    /// <param name="service">The service.</param>
    /// <param name="decider">The reactor or command handler.</param>
    /// <param name="causeId">Id of the event or command that it decides about.</param>
    /// <param name="ordinal">0 for the first thing it does, and so on.</param>
    public static Guid Create(string service, string decider, string causeId, int ordinal)
    {
        var name = Encoding.UTF8.GetBytes($"{service}\n{decider}\n{causeId}\n{ordinal}");
        Span<byte> input = stackalloc byte[16 + name.Length];
        Namespace.CopyTo(input);
        name.CopyTo(input[16..]);
        Span<byte> hash = stackalloc byte[20];
#pragma warning disable CA5350 // SHA-1 is what UUID version 5 is defined with; it protects nothing here.
        SHA1.HashData(input, hash);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0f) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3f) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }
}
