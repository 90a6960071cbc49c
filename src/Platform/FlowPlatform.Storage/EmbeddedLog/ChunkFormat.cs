namespace FlowPlatform.Storage.EmbeddedLog;

/// <summary>
/// How events lie in a chunk: a version, the producer, then the events. Numbers are variable-length, seven bits a byte. A string is 0 for null; 1 and the string when it is new in this chunk;
/// else the number of the earlier one plus 2. Times are UTC ticks of 100 ns.
/// </summary>
internal static class ChunkFormat
{
    public const byte Version = 1;
    public const int MostRecords = 1_000_000;
    public const string DefaultContentType = "application/json";
    public const ulong NullString = 0;
    public const ulong NewString = 1;
    public const ulong FirstKnownString = 2;
}
