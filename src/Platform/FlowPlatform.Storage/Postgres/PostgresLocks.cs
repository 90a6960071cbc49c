using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace FlowPlatform.Storage.Postgres;

/// <summary>
/// Numbers of advisory locks, which Postgres keeps by database: a 64-bit one for a store, a pair of 32-bit ones for a key in it; the two spaces don't overlap. Keys that fall on one number
/// only wait for each other more often.
/// </summary>
internal static class PostgresLocks
{
    public static long Of(string name) => BinaryPrimitives.ReadInt64BigEndian(Hash(name));

    public static int Space(string schema) => BinaryPrimitives.ReadInt32BigEndian(Hash($"keys {schema}"));

    /// <summary>The numbers of keys in the order in which everybody takes them, each once.</summary>
    public static int[] OfKeys(IEnumerable<string> keys) => [.. keys.Select(key => BinaryPrimitives.ReadInt32BigEndian(Hash(key))).Distinct().Order()];

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
