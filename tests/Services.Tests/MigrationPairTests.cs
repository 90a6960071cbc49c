using System.Reflection;
using Insights;
using Inventory;
using Orders;
using Payments;
using Shipping;

namespace Services.Tests;

public sealed class MigrationPairTests
{
    public static TheoryData<string> Services => ["orders", "inventory", "payments", "shipping", "insights"];

    [Theory]
    [MemberData(nameof(Services))]
    public void Every_migration_is_there_for_SQLite_and_for_Postgres(string service)
    {
        var names = AssemblyOf(service).GetManifestResourceNames().Where(name => name.StartsWith("Schema/", StringComparison.Ordinal)).ToList();
        Names(".postgres.sql").ShouldBe(Names(".sqlite.sql"));
        Names(".sqlite.sql").ShouldNotBeEmpty();

        List<string> Names(string suffix) => [.. names.Where(name => name.EndsWith(suffix, StringComparison.Ordinal)).Select(name => name[..^suffix.Length]).Order(StringComparer.Ordinal)];
    }

    private static Assembly AssemblyOf(string service) => (service switch
    {
        "orders" => typeof(OrdersApp),
        "inventory" => typeof(InventoryApp),
        "payments" => typeof(PaymentsApp),
        "shipping" => typeof(ShippingApp),
        _ => typeof(InsightsApp),
    }).Assembly;
}
