using System.Globalization;

namespace Simulator.Shop;

/// <summary>The goods, services, customers and countries of the synthetic shop, with the dataset's proportions. The same for every seed.</summary>
internal static class Catalogue
{
    /// <summary>Number of stock codes.</summary>
    public const int CodeCount = 4070;

    private const int CustomerCount = 4372;

    private static readonly string[] Services = ["POST", "DOT", "M", "C2", "D", "CARRIAGE", "BANK CHARGES", "AMAZONFEE", "CRUK", "PADS"];

    private static readonly string[] Countries =
    [
        "Germany", "France", "EIRE", "Spain", "Netherlands", "Belgium", "Switzerland", "Portugal", "Australia", "Norway", "Italy", "Channel Islands",
        "Finland", "Cyprus", "Sweden", "Unspecified", "Austria", "Denmark", "Japan", "Poland", "Israel", "USA", "Hong Kong", "Singapore", "Iceland", "Canada",
        "Greece", "Malta", "United Arab Emirates", "European Community", "RSA", "Lebanon", "Lithuania", "Brazil", "Czech Republic", "Bahrain", "Saudi Arabia",
    ];

    private static readonly string[] Wares = ["LANTERN", "MUG", "T-LIGHT HOLDER", "LUNCH BAG", "CAKE STAND", "BUNTING", "HOT WATER BOTTLE", "DOORMAT", "CLOCK", "SPOON"];
    private static readonly string[] Colours = ["RED", "WHITE", "PINK", "BLUE", "IVORY", "GREEN", "RETROSPOT", "VINTAGE"];
    private static readonly int[] Quantities = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 25, 36, 48, 72, 100, 200, 500];
    private static readonly double[] QuantityShares = Cumulate([28, 15, 7, 7, 3, 8, 3, 4, 11, 1.5, 1.5, 5, 1.5, 1, 1.5, .4, .5, .12, .04]);

    // The most frequent code has 0.45 % of the lines, as in the dataset.
    private static readonly double[] RankShares = Cumulate([.. Enumerable.Range(0, CodeCount).Select(rank => 1.0 / (rank + 50))]);
    private static readonly double[] CountryShares = Cumulate([.. Countries.Select((_, i) => 1.0 / (i + 1))]);
    private static readonly Ware[] Goods = [.. Enumerable.Range(0, CodeCount).Select(CreateWare)];

    /// <summary>A stock code by popularity.</summary>
    public static Ware Draw(ref SeededRandom random) => Goods[DrawIndex(RankShares, ref random)];

    /// <summary>A service such as postage.</summary>
    public static Ware DrawService(ref SeededRandom random)
    {
        var code = Services[random.Next() < 0.6 ? 0 : random.Next(Services.Length)];
        return new Ware(code, code == "POST" ? "POSTAGE" : code, Cents(random.NextLogNormal(15, 0.6)));
    }

    public static int DrawQuantity(ref SeededRandom random) => Quantities[DrawIndex(QuantityShares, ref random)];

    /// <summary>A customer with a country; one in four is a guest.</summary>
    public static (string? Id, string Country) DrawCustomer(ref SeededRandom random)
    {
        if (random.Chance(0.25))
        {
            return (null, DrawCountry(ref random));
        }

        // Half of the customers order four times as often as the others.
        var customer = random.Chance(0.8) ? random.Next(CustomerCount / 2) : (CustomerCount / 2) + random.Next(CustomerCount / 2);
        var own = new SeededRandom(customer, 1);
        return ((12346 + customer).ToString(CultureInfo.InvariantCulture), DrawCountry(ref own));
    }

    /// <summary>Rounds to whole cents, at least one.</summary>
    public static decimal Cents(double amount) => Math.Max(0.01m, decimal.Round((decimal)Math.Min(amount, 1_000_000), 2));

    private static string DrawCountry(ref SeededRandom random) => random.Chance(0.91) ? "United Kingdom" : Countries[DrawIndex(CountryShares, ref random)];

    private static Ware CreateWare(int rank)
    {
        var random = new SeededRandom(rank, 2);
        var (colour, ware) = (Colours[random.Next(Colours.Length)], Wares[random.Next(Wares.Length)]);
        var description = (rank % 25) switch
        {
            3 => $"SET OF 6 \"{colour}\" {ware}S",
            8 => $"{ware}, {colour}, BOXED",
            13 => $"CAFÉ {ware} £5 {colour}",
            _ => $"{colour} {ware}",
        };
        // Four codes in a thousand have a price with a third decimal.
        return new Ware(CodeOf(rank), description, Cents(random.NextLogNormal(2.1, 0.85)) + (rank % 250 == 7 ? 0.001m : 0m));
    }

    // One code in four ends in a letter; some differ from another only by its case.
    private static string CodeOf(int rank)
    {
        var stem = rank % 80 == 41 ? rank - 1 : rank;
        var number = 10_000 + (stem * 1_009 % CodeCount * 21);
        var letter = stem % 4 == 0 ? ((char)('A' + (stem % 7))).ToString() : "";
        return number.ToString(CultureInfo.InvariantCulture) + (stem == rank ? letter : letter.ToLowerInvariant());
    }

    private static double[] Cumulate(double[] weights)
    {
        var sum = 0.0;
        return [.. weights.Select(weight => sum += weight)];
    }

    private static int DrawIndex(double[] shares, ref SeededRandom random)
    {
        var found = Array.BinarySearch(shares, random.Next() * shares[^1]);
        return Math.Min(found >= 0 ? found + 1 : ~found, shares.Length - 1);
    }

    /// <summary>Something to sell.</summary>
    internal sealed record Ware(string Code, string Description, decimal Price);
}
