using System.Text;

namespace FlowPlatform.Tests.Support;

/// <summary>Splits RFC 4180 text into records of fields; a reader of its own, to check the product's by.</summary>
internal static class CsvLines
{
    public static IEnumerable<string[]> Read(TextReader text)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var quoted = false;
        for (var c = text.Read(); c >= 0; c = text.Read())
        {
            if (quoted)
            {
                if (c != '"')
                {
                    field.Append((char)c);
                }
                else if (text.Peek() == '"')
                {
                    field.Append((char)text.Read());
                }
                else
                {
                    quoted = false;
                }
            }
            else if (c == '"')
            {
                quoted = true;
            }
            else if (c is ',' or '\n')
            {
                fields.Add(field.ToString());
                field.Clear();
                if (c == '\n')
                {
                    yield return [.. fields];
                    fields.Clear();
                }
            }
            else if (c != '\r')
            {
                field.Append((char)c);
            }
        }

        if (fields.Count > 0)
        {
            yield return [.. fields, field.ToString()];
        }
    }
}
