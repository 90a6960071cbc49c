using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Simulator.Dataset;

/// <summary>Reads the lines of a dataset, <c>.csv</c> or <c>.csv.gz</c> (told by content), one at a time.</summary>
internal static class DatasetReader
{
    private const string PriceCure = "It is a decimal number with a point and up to three decimals, e.g. 2.55.";

    private const int SmallestGzip = 18;

    private static readonly string[] Columns = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"];
    private static readonly string[] DateForms = ["yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm", "M/d/yyyy H:mm"];

    /// <summary>Reads all lines of a file.</summary>
    /// <exception cref="DatasetException">The file can't be read; the message says where and what to do.</exception>
    public static async IAsyncEnumerable<DatasetLine> ReadFileAsync(string path, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var file = Open(path);
        await foreach (var line in ReadAsync(file, cancellationToken))
        {
            yield return line;
        }
    }

    /// <summary>Reads all lines of a seekable stream.</summary>
    public static async IAsyncEnumerable<DatasetLine> ReadAsync(Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var magic = new byte[2];
        var read = await stream.ReadAtLeastAsync(magic, 2, throwOnEndOfStream: false, cancellationToken);
        stream.Position = 0;
        await using var unpacked = read == 2 && magic is [0x1f, 0x8b] && stream.Length > SmallestGzip ? new WholeGzipStream(stream) : stream;
        using var text = new StreamReader(unpacked, new UTF8Encoding(false, throwOnInvalidBytes: true), detectEncodingFromByteOrderMarks: true, 64 * 1024, leaveOpen: true);
        var csv = new CsvReader(text);
        if (!await csv.ReadAsync(cancellationToken))
        {
            throw new DatasetException($"The file is empty. Its first line names the columns: {string.Join(',', Columns)}.");
        }

        var at = FindColumns(csv);
        var (fields, strings) = (csv.Count, new StringPool());
        while (await csv.ReadAsync(cancellationToken))
        {
            yield return ParseLine(csv, at, fields, strings);
        }
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 64 * 1024, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"The dataset '{path}' can't be opened: {fault.Message} Name an existing .csv or .csv.gz with --dataset or FLOW_DATASET.", fault);
        }
    }

    private static int[] FindColumns(CsvReader csv)
    {
        var header = Enumerable.Range(0, csv.Count).Select(i => csv[i].Trim().ToString()).ToArray();
        var at = Columns.Select(column => Array.IndexOf(header, column)).ToArray();
        var missing = Columns.Where((_, i) => at[i] < 0).ToArray();
        return missing.Length == 0
            ? at
            : throw new DatasetException(csv.Line, null, $"the header lacks {string.Join(", ", missing)}.", $"It names the columns: {string.Join(',', Columns)}.");
    }

    private static DatasetLine ParseLine(CsvReader csv, int[] at, int fields, StringPool strings)
    {
        if (csv.Count != fields)
        {
            throw new DatasetException(csv.Line, null, $"{csv.Count} fields, but the header has {fields}.", "Put fields that hold a comma in quotes.");
        }

        var invoice = csv[at[0]];
        if (invoice.IsEmpty || !(char.IsAsciiDigit(invoice[0]) || invoice[0] is 'C' or 'A'))
        {
            throw Fault(csv, at, 0, "It starts with a digit (order), C (return) or A (ledger adjustment).");
        }

        if (csv[at[1]].IsWhiteSpace())
        {
            throw Fault(csv, at, 1, "Every line names a stock or service code.");
        }

        return new DatasetLine(
            csv.Line,
            strings.Get(invoice),
            strings.Get(csv[at[1]]),
            invoice[0] == 'A' ? csv[at[2]].ToString() : strings.Get(csv[at[2]]),
            ParseQuantity(csv, at),
            ParseDate(csv, at),
            ParsePrice(csv, at),
            ParseCustomer(csv, at, strings),
            csv[at[7]].IsWhiteSpace() ? throw Fault(csv, at, 7, "Every line names a country, e.g. United Kingdom.") : strings.Get(csv[at[7]]));
    }

    private static int ParseQuantity(CsvReader csv, int[] at) =>
        int.TryParse(csv[at[3]], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var quantity) && quantity is not (0 or int.MinValue)
            ? quantity
            : throw Fault(csv, at, 3, "It is a whole number other than 0, e.g. 6 or -6.");

    private static DateTimeOffset ParseDate(CsvReader csv, int[] at) =>
        DateTimeOffset.TryParseExact(csv[at[4]], DateForms, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var date)
            ? date
            : throw Fault(csv, at, 4, "Write 2010-12-01 08:26:00 or 12/1/2010 8:26 (month first).");

    private static decimal ParsePrice(CsvReader csv, int[] at)
    {
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        return decimal.TryParse(csv[at[5]], Style, CultureInfo.InvariantCulture, out var price)
            && Math.Abs(price) <= 1_000_000_000m && decimal.Round(price, 3) == price
            ? price
            : throw Fault(csv, at, 5, PriceCure);
    }

    private static string? ParseCustomer(CsvReader csv, int[] at, StringPool strings)
    {
        var customer = csv[at[6]].Trim();
        if (customer.EndsWith(".0", StringComparison.Ordinal))
        {
            customer = customer[..^2];
        }
        else if (customer.IsEmpty)
        {
            return null;
        }

        return customer.IsEmpty || customer.ContainsAnyExceptInRange('0', '9')
            ? throw Fault(csv, at, 6, "Write 17850 or 17850.0, or leave it empty for a guest.")
            : strings.Get(customer);
    }

    private static DatasetException Fault(CsvReader csv, int[] at, int column, string cure)
    {
        var value = csv[at[column]];
        var shown = value.Length > 60 ? $"{value[..60]}…" : value.ToString();
        return new DatasetException(csv.Line, Columns[column], $"'{shown}' can't be read.", cure);
    }
}
