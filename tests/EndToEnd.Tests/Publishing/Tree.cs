namespace FlowPlatform.EndToEnd.Tests.Publishing;

/// <summary>Reads maps and lists as a YAML parser gives them.</summary>
internal static class Tree
{
    private static readonly Dictionary<object, object> Nothing = [];

    public static Dictionary<object, object> Map(this object? node, params string[] path) => node.At(path) as Dictionary<object, object> ?? Nothing;

    public static IReadOnlyList<object> List(this object? node, params string[] path) => node.At(path) as List<object> ?? [];

    public static string? Text(this object? node, params string[] path) => node.At(path) as string;

    public static bool Has(this object? node, params string[] path) => node.At(path) is not null;

    public static IEnumerable<string> Keys(this object? node, params string[] path) => node.Map(path).Keys.Cast<string>();

    /// <summary>Every text in it, wherever.</summary>
    public static IEnumerable<string> Texts(this object? node) => node switch
    {
        string text => [text],
        List<object> list => list.SelectMany(Texts),
        Dictionary<object, object> map => map.Values.SelectMany(Texts),
        _ => [],
    };

    private static object? At(this object? node, string[] path)
    {
        foreach (var key in path)
        {
            node = node is Dictionary<object, object> map ? map.GetValueOrDefault(key) : null;
        }
        return node;
    }
}
