using System.Text.Json.Nodes;

namespace FlowPlatform.Testing.Contracts;

/// <summary>Compares a sample with its contract and with what comes of it when it is read and written again.</summary>
internal static class SampleCheck
{
    /// <exception cref="FlowTestException">Names the field.</exception>
    public static void ThrowIfDifferent(string type, string file, EventContract contract, JsonObject sample, JsonObject again)
    {
        var (before, after) = (Leaves(sample), Leaves(again));
        // The entries of a map have names of their own.
        var lost = contract.Fields.Keys.Where(path => !path.Contains("{}", StringComparison.Ordinal) && !before.ContainsKey(path)).ToList();
        if (lost.Count > 0)
        {
            throw new FlowTestException($"{type}: {file} lacks {string.Join(", ", lost)}: a sample has every field, and an element in every list.");
        }

        foreach (var (path, values) in before)
        {
            if (!after.TryGetValue(path, out var back))
            {
                throw new FlowTestException($"{type}: {file} has '{path}', which is lost when the event is read: the contract has no such field.");
            }

            if (!values.SequenceEqual(back, StringComparer.Ordinal))
            {
                throw new FlowTestException($"{type}: '{path}' of {file} is {string.Join(", ", values)}, and {string.Join(", ", back)} when it was read and is written again.");
            }
        }
    }

    /// <summary>Values by path; of lists and objects only that they are there.</summary>
    private static SortedDictionary<string, List<string>> Leaves(JsonObject json)
    {
        var leaves = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        Collect(json, "");
        return leaves;

        void Collect(JsonNode? node, string path)
        {
            switch (node)
            {
                case JsonObject part:
                    Note(path, "{}");
                    foreach (var (name, value) in part)
                    {
                        Collect(value, path.Length == 0 ? name : $"{path}.{name}");
                    }

                    break;
                case JsonArray list:
                    Note(path, "[]");
                    foreach (var item in list)
                    {
                        Collect(item, $"{path}[]");
                    }

                    break;
                default:
                    Note(path, node?.ToJsonString() ?? "null");
                    break;
            }
        }

        void Note(string path, string value) => (leaves.TryGetValue(path, out var values) ? values : leaves[path] = []).Add(value);
    }
}
