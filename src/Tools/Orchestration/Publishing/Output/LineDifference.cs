using System.Text;

namespace FlowPlatform.Orchestration.Publishing.Output;

/// <summary>Which lines of two texts differ, in the way of <c>diff -u</c> without context: what is left out of a file that a person reviews is what has stayed as it was.</summary>
internal static class LineDifference
{
    /// <summary>Lines of both that are compared pairwise; artefacts have hundreds.</summary>
    private const int PairsMax = 25_000_000;

    public static string Of(string path, string before, string after)
    {
        var (old, now) = (Lines(before), Lines(after));
        var text = new StringBuilder().Append($"--- {path}\n+++ {path}\n");
        if ((long)old.Length * now.Length > PairsMax)
        {
            return text.Append("@@ too long to be compared line by line @@\n").ToString();
        }
        var common = LongestCommon(old, now);
        for (int i = 0, j = 0; i < old.Length || j < now.Length;)
        {
            if (i < old.Length && j < now.Length && old[i] == now[j])
            {
                (i, j) = (i + 1, j + 1);
            }
            else if (j >= now.Length || (i < old.Length && common[i + 1, j] >= common[i, j + 1]))
            {
                text.Append($"-{old[i++]}\n");
            }
            else
            {
                text.Append($"+{now[j++]}\n");
            }
        }
        return text.ToString();
    }

    /// <summary>How many lines the rests from i and j on have in common.</summary>
    private static int[,] LongestCommon(string[] old, string[] now)
    {
        var common = new int[old.Length + 1, now.Length + 1];
        for (var i = old.Length - 1; i >= 0; i--)
        {
            for (var j = now.Length - 1; j >= 0; j--)
            {
                common[i, j] = old[i] == now[j] ? common[i + 1, j + 1] + 1 : Math.Max(common[i + 1, j], common[i, j + 1]);
            }
        }
        return common;
    }

    private static string[] Lines(string text) => text.Length == 0 ? [] : text.TrimEnd('\n').Split('\n');
}
