namespace FlowPlatform.Tidy.Tests;

/// <summary>A text file of the repository.</summary>
/// <param name="Path">Relative to the root, with forward slashes.</param>
/// <param name="Text">What is in it.</param>
internal sealed record SourceFile(string Path, string Text)
{
    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    public string Folder => Path.Contains('/', StringComparison.Ordinal) ? Path[..Path.LastIndexOf('/')] : "";

    public bool Is(params string[] extensions) => extensions.Any(extension => Path.EndsWith(extension, StringComparison.Ordinal));

    public IEnumerable<(int Number, string Text)> Lines() => Text.Split('\n').Select((line, index) => (index + 1, line));
}

/// <summary>Every text file that belongs to the repository; what builds and runs leave behind doesn't.</summary>
internal static class Repository
{
    private static readonly string[] Left = [".git", ".flow", ".vs", ".idea", "bin", "obj", "out", "artifacts", "TestResults", "node_modules"];

    private static readonly string[] TextExtensions =
        [".cs", ".csproj", ".props", ".targets", ".sln", ".json", ".md", ".sql", ".razor", ".css", ".js", ".html", ".yml", ".yaml", ".txt", ".sh", ".editorconfig", ".gitignore"];

    private static readonly Lazy<IReadOnlyList<SourceFile>> All = new(Read);

    public static IReadOnlyList<SourceFile> Files => All.Value;

    /// <summary>Without what templates make: that becomes a repository's own elsewhere.</summary>
    public static IReadOnlyList<SourceFile> OwnFiles => [.. Files.Where(file => !IsOfTemplate(file))];

    public static bool IsOfTemplate(SourceFile file) => file.Path.StartsWith("src/Templates/flow-", StringComparison.Ordinal);

    public static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "FlowPlatform.sln")))
        {
            folder = folder.Parent;
        }

        return folder?.FullName ?? throw new InvalidOperationException($"No FlowPlatform.sln above {AppContext.BaseDirectory}.");
    }

    private static List<SourceFile> Read()
    {
        var root = FindRoot();
        var files = new List<SourceFile>();
        Collect(new DirectoryInfo(root));
        return files;

        void Collect(DirectoryInfo folder)
        {
            foreach (var file in folder.GetFiles().Where(IsText))
            {
                files.Add(new SourceFile(Path.GetRelativePath(root, file.FullName).Replace('\\', '/'), File.ReadAllText(file.FullName)));
            }

            foreach (var child in folder.GetDirectories().Where(child => !Left.Contains(child.Name)))
            {
                Collect(child);
            }
        }
    }

    private static bool IsText(FileInfo file) => TextExtensions.Contains(file.Extension) || file.Directory!.Name == ".ci" || file.Extension.Length == 0;
}
