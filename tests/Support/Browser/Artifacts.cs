namespace FlowPlatform.Tests.Support.Browser;

/// <summary>What tests leave for a person to look at: below <c>artifacts/</c> at the root of the repository, which git ignores.</summary>
internal static class Artifacts
{
    private static readonly Lazy<string> Root = new(FindRoot);

    /// <summary>A file in a folder, which is made.</summary>
    public static string File(string folder, string name) => Path.Combine(Directory.CreateDirectory(Path.Combine(Root.Value, folder)).FullName, name);

    /// <summary>The running test's class and method, as a file name.</summary>
    public static string TestName()
    {
        var test = TestContext.Current.Test?.TestDisplayName ?? "no-test";
        return string.Concat(test.Select(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '-'));
    }

    private static string FindRoot()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !System.IO.File.Exists(Path.Combine(folder.FullName, "FlowPlatform.sln")))
        {
            folder = folder.Parent;
        }

        return Path.Combine(folder?.FullName ?? AppContext.BaseDirectory, "artifacts");
    }
}
