using System.Globalization;
using System.IO.Compression;

namespace FlowPlatform.Tests.Support;

/// <summary>One day or one country, as the report writes it.</summary>
internal sealed record FigureRow(long Orders, long Units, string Gross, string Returns, string Net);

/// <summary>What a dataset adds up to, folded from the file by the tests alone: none of the product's code takes part.</summary>
internal sealed class Figures
{
    private static readonly string[] Columns = ["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country"];

    private readonly Dictionary<string, Sums> days = [];
    private readonly Dictionary<string, Sums> countries = [];

    private Figures()
    {
    }

    public long Lines { get; private set; }

    public long Orders { get; private set; }

    public long Returns { get; private set; }

    public long Adjustments { get; private set; }

    /// <summary>Lines.</summary>
    public long InventoryAdjustments { get; private set; }

    public decimal Gross { get; private set; }

    public decimal Returned { get; private set; }

    public decimal Adjusted { get; private set; }

    public decimal Net => Gross + Returned + Adjusted;

    public IReadOnlyDictionary<string, FigureRow> ByDay => Rows(days);

    public IReadOnlyDictionary<string, FigureRow> ByCountry => Rows(countries);

    /// <summary>Exact, without trailing zeros.</summary>
    public static string Text(decimal amount) => amount.ToString("0.############", CultureInfo.InvariantCulture);

    /// <summary>The value of <c>--speed</c> at which a replay of the file takes so long.</summary>
    public string SpeedFor(TimeSpan pace)
    {
        var dates = days.Keys.Select(day => DateTime.Parse(day, CultureInfo.InvariantCulture)).ToList();
        return ((dates.Max() - dates.Min()) / pace).ToString("0", CultureInfo.InvariantCulture) + "x";
    }

    public static Figures Of(string path)
    {
        using var file = File.OpenRead(path);
        using var unpacked = path.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(file, CompressionMode.Decompress) : (Stream)file;
        using var text = new StreamReader(unpacked);
        var figures = new Figures();
        var records = CsvLines.Read(text);
        if (!records.First().SequenceEqual(Columns))
        {
            throw new InvalidDataException($"{path} has not the columns {string.Join(", ", Columns)}.");
        }

        foreach (var invoice in records.Select(Line.Parse).GroupBy(line => line.Invoice).Select(lines => lines.ToList()))
        {
            figures.Add(invoice);
        }

        return figures;
    }

    private void Add(List<Line> invoice)
    {
        Lines += invoice.Count;
        var amount = invoice.Sum(line => line.Quantity * line.Price);
        switch (invoice[0].Invoice[0])
        {
            case 'A':
                (Adjustments, Adjusted) = (Adjustments + 1, Adjusted + amount);
                break;
            case 'C':
                (Returns, Returned) = (Returns + 1, Returned + amount);
                AddRow(invoice, new Sums(0, 0, 0, amount));
                break;
            default:
                InventoryAdjustments += invoice.Count(line => line.Price == 0);
                if (invoice.Where(line => line.Price > 0).ToList() is { Count: > 0 } sold)
                {
                    (Orders, Gross) = (Orders + 1, Gross + amount);
                    AddRow(invoice, new Sums(1, sold.Sum(line => line.Quantity), amount, 0));
                }

                break;
        }
    }

    private void AddRow(List<Line> invoice, Sums sums)
    {
        // The invoice's first time, although its lines may have two.
        var (day, country) = (invoice[0].Day, invoice[0].Country);
        days[day] = days.GetValueOrDefault(day).Plus(sums);
        countries[country] = countries.GetValueOrDefault(country).Plus(sums);
    }

    private static Dictionary<string, FigureRow> Rows(Dictionary<string, Sums> sums) => sums.ToDictionary(
        pair => pair.Key, pair => new FigureRow(pair.Value.Orders, pair.Value.Units, Text(pair.Value.Gross), Text(pair.Value.Returned), Text(pair.Value.Gross + pair.Value.Returned)));

    private readonly record struct Sums(long Orders, long Units, decimal Gross, decimal Returned)
    {
        public Sums Plus(Sums other) => new(Orders + other.Orders, Units + other.Units, Gross + other.Gross, Returned + other.Returned);
    }

    private sealed record Line(string Invoice, long Quantity, string Day, decimal Price, string Country)
    {
        public static Line Parse(string[] fields) => new(
            fields[0],
            long.Parse(fields[3], CultureInfo.InvariantCulture),
            DateTime.Parse(fields[4], CultureInfo.InvariantCulture).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
            decimal.Parse(fields[5], CultureInfo.InvariantCulture),
            fields[7]);
    }
}
