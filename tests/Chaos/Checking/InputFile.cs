using System.Globalization;
using System.IO.Compression;
using System.Text;
using FlowPlatform.Tests.Support;
using Simulator.Shop;

namespace FlowPlatform.Chaos.Checking;

/// <summary>The file that is replayed, of a size that fits the run's length.</summary>
/// <param name="Path">A file of its own: the dataset's newest part, or a synthetic one.</param>
/// <param name="Figures">What it adds up to, computed without the product.</param>
/// <param name="Span">Event time from its first to its last line.</param>
internal sealed record InputFile(string Path, Figures Figures, TimeSpan Span)
{
    /// <summary>Of a dataset, the last <paramref name="orders"/> invoices: towards Christmas there are no longer pauses in it.</summary>
    public static async Task<InputFile> PrepareAsync(string? dataset, int orders, int seed, string folder, CancellationToken cancellationToken)
    {
        var path = System.IO.Path.Combine(folder, "input.csv.gz");
        if (dataset is null)
        {
            await SyntheticFile.WriteAsync(path, new SyntheticFile.Options { Seed = seed, Orders = orders }, cancellationToken);
        }
        else
        {
            CopyNewest(dataset, path, orders);
        }

        var times = Records(path).Skip(1).Select(fields => DateTime.Parse(fields[4], CultureInfo.InvariantCulture)).ToList();
        return new InputFile(path, Figures.Of(path), times.Max() - times.Min());
    }

    /// <summary>Event time over wall time, so that it takes that long.</summary>
    public string SpeedFor(TimeSpan length) => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(1, Span / length):0.###}x");

    private static void CopyNewest(string dataset, string path, int invoices)
    {
        var header = Records(dataset).First();
        var newest = new LinkedList<List<string[]>>();
        foreach (var fields in Records(dataset).Skip(1))
        {
            if (newest.Last?.Value[0][0] != fields[0])
            {
                newest.AddLast(new List<string[]>());
                if (newest.Count > invoices)
                {
                    newest.RemoveFirst();
                }
            }

            newest.Last!.Value.Add(fields);
        }

        using var file = new StreamWriter(new GZipStream(File.Create(path), CompressionLevel.Fastest), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { NewLine = "\n" };
        foreach (var fields in newest.SelectMany(lines => lines).Prepend(header))
        {
            file.WriteLine(string.Join(',', fields.Select(Quote)));
        }
    }

    private static IEnumerable<string[]> Records(string path)
    {
        using var file = File.OpenRead(path);
        using var unpacked = path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
        using var text = new StreamReader(unpacked);
        foreach (var fields in CsvLines.Read(text))
        {
            yield return fields;
        }
    }

    private static string Quote(string field) => field.AsSpan().ContainsAny("\",\r\n") ? $"\"{field.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : field;
}
