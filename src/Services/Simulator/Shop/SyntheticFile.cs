using System.Globalization;
using System.IO.Compression;
using System.Text;
using Simulator.Dataset;

namespace Simulator.Shop;

/// <summary>Writes a synthetic file in the dataset's format, with the dataset's statistics over one year and all of its dirt.</summary>
internal static class SyntheticFile
{
    private const long FirstInvoice = 536_365;

    /// <summary>How a column is written; mixed: by turns.</summary>
    internal enum Form
    {
        /// <summary>As in data sets that a program made: <c>2010-12-01 08:26:00</c>, <c>17850.0</c>.</summary>
        Program,

        /// <summary>As in UCI's own file: <c>12/1/2010 8:26</c>, <c>17850</c>.</summary>
        Sheet,

        Mixed,
    }

    /// <summary>What to write.</summary>
    internal sealed record Options
    {
        public long Seed { get; init; } = 1;

        public long Orders { get; init; } = 1_000;

        public Form Dates { get; init; }

        public Form Customers { get; init; }

        public string LineEnd { get; init; } = "\n";

        public bool ByteOrderMark { get; init; }
    }

    /// <summary>Writes a file; compressed if its name ends in <c>.gz</c>.</summary>
    public static async Task WriteAsync(string path, Options options, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 64 * 1024, FileOptions.Asynchronous);
        if (path.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
        {
            await using var packed = new GZipStream(file, CompressionLevel.Fastest);
            await WriteAsync(packed, options, cancellationToken);
        }
        else
        {
            await WriteAsync(file, options, cancellationToken);
        }
    }

    /// <summary>Writes to a stream.</summary>
    public static async Task WriteAsync(Stream stream, Options options, CancellationToken cancellationToken)
    {
        await using var text = new StreamWriter(stream, new UTF8Encoding(options.ByteOrderMark), 64 * 1024, leaveOpen: true) { NewLine = options.LineEnd };
        await text.WriteLineAsync("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country");
        var written = 0L;
        foreach (var line in Lines(options))
        {
            cancellationToken.ThrowIfCancellationRequested();
            await text.WriteLineAsync(Write(line, options, written++));
        }
    }

    /// <summary>The lines that a file with these options holds, in its order.</summary>
    public static IEnumerable<DatasetLine> Lines(Options options)
    {
        var numbers = (long ordinal) => (FirstInvoice + ordinal).ToString(CultureInfo.InvariantCulture);
        var invoices = new ShopInvoices(options.Seed, new ShopCalendar(Math.Max(1, options.Orders)), numbers);
        var later = new Queue<DatasetLine>();
        for (var index = 0L; index < options.Orders; index++)
        {
            // The second half of an invoice with two times goes below whatever comes before its minute.
            var time = invoices.TimeOf(index);
            while (later.TryPeek(out var waiting) && waiting.InvoiceDate <= time)
            {
                yield return later.Dequeue();
            }

            foreach (var line in invoices.At(index).SelectMany(lines => lines))
            {
                if (line.InvoiceDate > time)
                {
                    later.Enqueue(line);
                }
                else
                {
                    yield return line;
                }
            }
        }

        foreach (var line in later)
        {
            yield return line;
        }
    }

    private static string Write(DatasetLine line, Options options, long turn)
    {
        var dateForm = Choose(options.Dates, turn) == Form.Program ? "yyyy-MM-dd HH:mm:ss" : "M/d/yyyy H:mm";
        var customer = line.CustomerId is { } id && Choose(options.Customers, turn) == Form.Program ? id + ".0" : line.CustomerId ?? "";
        var fields = new[]
        {
            line.InvoiceNo, line.StockCode, line.Description, line.Quantity.ToString(CultureInfo.InvariantCulture),
            line.InvoiceDate.UtcDateTime.ToString(dateForm, CultureInfo.InvariantCulture), line.UnitPrice.ToString(CultureInfo.InvariantCulture), customer, line.Country,
        };
        return string.Join(',', fields.Select(Quote));
    }

    private static Form Choose(Form form, long turn) => form != Form.Mixed ? form : turn % 2 == 0 ? Form.Program : Form.Sheet;

    private static string Quote(string field) =>
        field.AsSpan().IndexOfAny("\",\r\n") < 0 ? field : "\"" + field.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
}
