using System.Globalization;
using Simulator.Dataset;

namespace Simulator.Shop;

/// <summary>
/// The synthetic shop's invoices, with the dataset's statistics and all of its dirt. An index gives the same invoices always, whatever
/// came before; so a shop can be resumed anywhere. Thread-safe.
/// </summary>
/// <param name="seed">Same seed, same invoices.</param>
/// <param name="calendar">When they are.</param>
/// <param name="number">Makes an invoice number of an ordinal; starts with a digit.</param>
internal sealed class ShopInvoices(long seed, ShopCalendar calendar, Func<long, string> number)
{
    private const int InvoicesPerOrder = 4;
    private static readonly string[] Remarks = ["", "", "damages", "?", "check", "lost", "thrown away", "found"];

    /// <summary>When order <paramref name="index"/> is placed.</summary>
    public DateTimeOffset TimeOf(long index) => calendar.TimeOf(index);

    /// <summary>Invoice of order <paramref name="index"/>.</summary>
    public string NumberOf(long index) => number(index * InvoicesPerOrder);

    /// <summary>The invoice of order <paramref name="index"/>, from 0, and what else happens at its time: a write-off, a return, a bad debt.</summary>
    public IEnumerable<IReadOnlyList<DatasetLine>> At(long index)
    {
        var random = new SeededRandom(seed, index);
        var time = calendar.TimeOf(index);
        yield return Order(ref random, NumberOf(index), time);
        if (random.Chance(0.105))
        {
            yield return [WriteOff(ref random, number((index * InvoicesPerOrder) + 1), time)];
        }

        if (random.Chance(0.192))
        {
            yield return Return(ref random, "C" + number((index * InvoicesPerOrder) + 2), time);
        }

        if (random.Chance(0.0005))
        {
            var amount = Catalogue.Cents(random.NextLogNormal(900, 1.2)) * (random.Chance(0.7) ? -1 : 1);
            yield return [new DatasetLine(0, "A" + number((index * InvoicesPerOrder) + 3), "B", "Adjust bad debt", 1, time, amount, null, "United Kingdom")];
        }
    }

    private static List<DatasetLine> Order(ref SeededRandom random, string invoice, DateTimeOffset time)
    {
        var (customer, country) = Catalogue.DrawCustomer(ref random);
        // Some 27 lines, median 15; the dataset's largest order has 1,114.
        var count = Math.Clamp((int)Math.Round(random.NextLogNormal(15, 1.1)), 1, 1_100);
        var retail = customer is null ? 1.6 : random.Chance(0.1) ? 0.85 : 1.0;
        var lines = new List<DatasetLine>(count + 2);
        if (random.Chance(0.0093))
        {
            count = 0;
            AddService(ref random, lines, invoice, time, customer, country);
        }

        var used = new HashSet<string>(StringComparer.Ordinal);
        while (lines.Count < count)
        {
            if (lines.Count > 0 && random.Chance(0.01))
            {
                lines.Add(random.Chance(0.6) ? lines[^1] : lines[^1] with { Quantity = Catalogue.DrawQuantity(ref random) });
                continue;
            }

            var ware = Catalogue.Draw(ref random);
            if (used.Add(ware.Code))
            {
                var price = retail == 1.0 ? ware.Price : Catalogue.Cents((double)ware.Price * retail);
                lines.Add(new DatasetLine(0, invoice, ware.Code, ware.Description, Catalogue.DrawQuantity(ref random), time, price, customer, country));
            }
        }

        AddDirt(ref random, lines, invoice, time, customer, country, count);
        return lines;
    }

    private static void AddDirt(ref SeededRandom random, List<DatasetLine> lines, string invoice, DateTimeOffset time, string? customer, string country, int count)
    {
        if (count > 0 && random.Chance(0.1))
        {
            AddService(ref random, lines, invoice, time, customer, country);
        }

        if (random.Chance(0.02))
        {
            var gift = Catalogue.Draw(ref random);
            lines.Insert(random.Next(lines.Count + 1), new DatasetLine(0, invoice, gift.Code, gift.Description, 1 + random.Next(12), time, 0m, customer, country));
        }

        if (random.Chance(0.001))
        {
            lines[0] = lines[0] with { Quantity = 3_000 + random.Next(70_000) };
        }

        if (lines.Count > 3 && random.Chance(0.004))
        {
            for (var i = lines.Count / 2; i < lines.Count; i++)
            {
                lines[i] = lines[i] with { InvoiceDate = time.AddMinutes(1) };
            }
        }
    }

    private static void AddService(ref SeededRandom random, List<DatasetLine> lines, string invoice, DateTimeOffset time, string? customer, string country)
    {
        var service = Catalogue.DrawService(ref random);
        lines.Add(new DatasetLine(0, invoice, service.Code, service.Description, 1 + random.Next(3), time, service.Price, customer, country));
    }

    private static DatasetLine WriteOff(ref SeededRandom random, string invoice, DateTimeOffset time)
    {
        var ware = random.Chance(0.01) ? Catalogue.DrawService(ref random) : Catalogue.Draw(ref random);
        var quantity = (1 + random.Next(120)) * (random.Chance(0.6) ? -1 : 1);
        return new DatasetLine(0, invoice, ware.Code, Remarks[random.Next(Remarks.Length)], quantity, time, 0m, null, "United Kingdom");
    }

    private static List<DatasetLine> Return(ref SeededRandom random, string invoice, DateTimeOffset time)
    {
        var (customer, country) = Catalogue.DrawCustomer(ref random);
        var lines = new List<DatasetLine>();
        for (var left = 1 + (int)Math.Min(20, random.NextLogNormal(0.9, 0.9)); left > 0; left--)
        {
            var ware = random.Chance(0.05) ? Catalogue.DrawService(ref random) : Catalogue.Draw(ref random);
            lines.Add(new DatasetLine(0, invoice, ware.Code, ware.Description, -Catalogue.DrawQuantity(ref random), time, ware.Price, customer, country));
        }

        return lines;
    }

    /// <summary>Invoice numbers of a shop: they carry its seed.</summary>
    public static Func<long, string> SeededNumbers(long seed) => ordinal => string.Create(CultureInfo.InvariantCulture, $"{seed}-{ordinal:D8}");
}
