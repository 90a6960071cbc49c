namespace FlowPlatform.Orchestration.Packages;

/// <summary>
/// Which packages to unpack, from <c>apt-cache depends --recurse</c>. Followed are the server's own packages and the shared libraries it needs:
/// what else they name (adduser, logrotate, python3 …) serves a system service, not a private node.
/// </summary>
internal static class PackageClosure
{
    /// <summary>
    /// Reads stanzas: a package at column 0, then its dependencies, where a leading <c>|</c> says that the next line is an alternative,
    /// <c>&lt;name&gt;</c> is virtual, and deeper lines name providers. The first real name of a group is taken.
    /// </summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Parse(string dependsOutput)
    {
        var packages = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        List<string>? current = null;
        var groupOpen = false;
        var groupChosen = false;
        foreach (var line in dependsOutput.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!char.IsWhiteSpace(line[0]))
            {
                packages[line.Trim()] = current = [];
                groupOpen = false;
                continue;
            }
            var text = line.TrimStart();
            var alternativeFollows = text.StartsWith('|');
            var colon = text.IndexOf(": ", StringComparison.Ordinal);
            if (current is null || colon < 0 || text[..colon].TrimStart('|') is not ("Depends" or "PreDepends"))
            {
                continue;
            }
            groupChosen = groupOpen && groupChosen;
            var name = text[(colon + 2)..].Trim();
            if (!groupChosen && !name.StartsWith('<'))
            {
                current.Add(name);
                groupChosen = true;
            }
            groupOpen = alternativeFollows;
        }
        return packages;
    }

    /// <summary>The packages to download: <paramref name="root"/>, and what it leads to of <paramref name="parts"/>, and of libraries that <paramref name="isInstalled"/> denies.</summary>
    public static IReadOnlyList<string> Of(
        string root, PackageParts parts, IReadOnlyDictionary<string, IReadOnlyList<string>> packages, Func<string, bool> isInstalled)
    {
        var chosen = new SortedSet<string>(StringComparer.Ordinal);
        var open = new Queue<string>([root]);
        while (open.TryDequeue(out var package))
        {
            if (!packages.TryGetValue(package, out var dependencies) || !chosen.Add(package))
            {
                continue;
            }
            foreach (var dependency in dependencies)
            {
                if (parts.IsPart(dependency) || (IsLibrary(dependency) && !parts.IsDispensable(dependency) && !isInstalled(dependency)))
                {
                    open.Enqueue(dependency);
                }
            }
        }
        return [.. chosen];
    }

    private static bool IsLibrary(string package) =>
        package.StartsWith("lib", StringComparison.Ordinal) || package.StartsWith("zlib", StringComparison.Ordinal);
}

/// <summary>Which packages belong to a server itself, and which of its libraries it runs without.</summary>
internal sealed record PackageParts(Func<string, bool> IsPart, Func<string, bool> IsDispensable);
