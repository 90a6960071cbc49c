using System.Globalization;
using System.Reflection;

namespace FlowPlatform.Stores;

/// <summary>
/// Reads migrations that are embedded in an assembly as <c>Schema/&lt;database&gt;/&lt;NNNN&gt;_name.&lt;kind&gt;.sql</c>; the database is <c>main</c> or a projection's name, the kind <c>sqlite</c> or <c>postgres</c>.
/// </summary>
public static class EmbeddedMigrations
{
    /// <summary>The migrations of a database, in order, for every kind that has them.</summary>
    /// <exception cref="MigrationException">Numbers are missing or doubled, or there are migrations of another kind only.</exception>
    public static IReadOnlyList<Migration> Of(Assembly assembly, string database, string kind = "sqlite")
    {
        var prefix = $"Schema/{database}/";
        var suffix = $".{kind}.sql";
        var found = assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(prefix, StringComparison.Ordinal) && name.EndsWith(suffix, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => Read(assembly, name, name[prefix.Length..^suffix.Length]))
            .ToList();
        for (var index = 0; index < found.Count; index++)
        {
            if (found[index].Number != index + 1)
            {
                throw new MigrationException($"{assembly.GetName().Name}: {prefix} should have migration {index + 1:D4} where it has {found[index].Name}.");
            }
        }

        if (found.Count == 0 && assembly.GetManifestResourceNames().FirstOrDefault(name => name.StartsWith(prefix, StringComparison.Ordinal)) is { } other)
        {
            throw new MigrationException($"{assembly.GetName().Name} has {other}, but no {prefix}0001_….{kind}.sql: write the same tables for {kind}.");
        }

        return found;
    }

    private static Migration Read(Assembly assembly, string resource, string name)
    {
        if (!int.TryParse(name.Split('_')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            throw new MigrationException($"{resource} should be named like 0001_name.sqlite.sql.");
        }

        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        return new Migration(number, name, reader.ReadToEnd());
    }
}
