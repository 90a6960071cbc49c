namespace FlowPlatform.Orchestration.Publishing.Output;

/// <summary>A file to be written.</summary>
/// <param name="Path">Below the directory, with forward slashes.</param>
/// <param name="Text">With <c>\n</c> as line ends, the last line's included.</param>
internal sealed record PublishedFile(string Path, string Text)
{
    /// <summary>Whether it is a program.</summary>
    public bool IsExecutable => Path.EndsWith(".sh", StringComparison.Ordinal);
}
