using System.Text;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>The environment of a project that somebody else starts, for shells and for editors that read such files. It has secrets: only its owner can read it.</summary>
internal static class EnvironmentFile
{
    /// <summary>Writes <c>env/NAME.env</c>; where it is.</summary>
    public static string Write(string dataDirectory, string name, IReadOnlyDictionary<string, string?> variables)
    {
        var folder = Path.Combine(dataDirectory, "env");
        PrivateFile.CreateFolder(folder);
        var text = new StringBuilder();
        foreach (var (variable, value) in variables.Where(variable => variable.Value is not null).Select(variable => (NameOf(variable.Key), variable.Value)).DistinctBy(variable => variable.Item1).Order())
        {
            text.Append(variable).Append("=\"").Append(Quote(value!)).Append("\"\n");
        }
        var file = Path.Combine(folder, $"{name}.env");
        PrivateFile.Write(file, text.ToString());
        return file;
    }

    /// <summary>Shells take no dash in a name; services read <c>ConnectionStrings__orders_db</c>, too.</summary>
    private static string NameOf(string variable) => variable.Replace('-', '_');

    private static string Quote(string value) => value.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal).Replace("`", "\\`", StringComparison.Ordinal);
}
