using System.Text;

namespace FlowPlatform.Orchestration.Processes;

internal static class OutputReader
{
    /// <summary>Longer lines are cut into pieces of this many characters, so that a child without line breaks can't fill our memory.</summary>
    public const int LineLengthMax = 16 * 1024;

    /// <summary>Reads to the end, calling back for each line.</summary>
    public static async Task ReadAsync(TextReader reader, Action<string> onLine)
    {
        var buffer = new char[4096];
        var line = new StringBuilder();
        try
        {
            int read;
            while ((read = await reader.ReadAsync(buffer)) > 0)
            {
                Split(buffer.AsSpan(0, read), line, onLine);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The pipe was closed under us because the process is gone: what came until then is what there is.
        }
        if (line.Length > 0)
        {
            onLine(line.ToString());
        }
    }

    private static void Split(ReadOnlySpan<char> text, StringBuilder line, Action<string> onLine)
    {
        foreach (var character in text)
        {
            if (character == '\n' || line.Length == LineLengthMax)
            {
                onLine(line.ToString());
                line.Clear();
            }
            if (character is not ('\n' or '\r'))
            {
                line.Append(character);
            }
        }
    }
}
