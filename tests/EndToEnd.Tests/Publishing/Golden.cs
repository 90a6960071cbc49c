namespace FlowPlatform.EndToEnd.Tests.Publishing;

/// <summary>Texts as they were reviewed. A wanted change: run with FLOW_UPDATE_GOLDEN=1, look at the difference, commit it with the change.</summary>
internal static class Golden
{
    public static void ShouldBe(string name, string text)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "FlowPlatform.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside of the repository.");
        }

        var file = Path.Combine(folder.FullName, "tests", "EndToEnd.Tests", "Publishing", "Golden", name);
        if (Environment.GetEnvironmentVariable("FLOW_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(file, text);
        }

        text.ShouldBe(File.Exists(file) ? File.ReadAllText(file) : "", $"{name} is another one. If it is meant to be: FLOW_UPDATE_GOLDEN=1, and commit the difference.");
    }
}
