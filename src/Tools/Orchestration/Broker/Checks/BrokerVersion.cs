using System.Globalization;

namespace FlowPlatform.Orchestration.Broker.Checks;

/// <summary>A broker's version, and what it means for streams.</summary>
internal sealed record BrokerVersion(Version Number, string Text)
{
    private static readonly Version Oldest = new(3, 10);
    private static readonly Version Statistics = new(3, 11);
    private static readonly Version Filters = new(3, 13);
    private static readonly Version Next = new(5, 0);

    /// <summary>Reads <c>3.10.8</c>, <c>4.1.0-rc.1</c> or <c>3.13.7+2</c>.</summary>
    public static BrokerVersion? Parse(string text)
    {
        var numbers = text.Split('-', '+', '~')[0].Split('.');
        return numbers.Length >= 2
            && int.TryParse(numbers[0], NumberStyles.None, CultureInfo.InvariantCulture, out var major)
            && int.TryParse(numbers[1], NumberStyles.None, CultureInfo.InvariantCulture, out var minor)
            ? new BrokerVersion(new Version(major, minor), text)
            : null;
    }

    public bool IsSupported => Number >= Oldest;

    /// <summary>What this version lacks, for a user to read; null: nothing.</summary>
    public string? Remark =>
        Number < Statistics ? "works, without stream statistics, single active consumers and filters (3.13 has all)"
        : Number < Filters ? "works, without stream filters (3.13 has them)"
        : Number >= Next ? "newer than what was tested (3.10 to 4.x)"
        : null;
}
