using Inventory;
using Microsoft.Extensions.Configuration;

namespace Services.Tests.Inventory;

public sealed class SupplierTests
{
    private static readonly Supplier Shop = new(alwaysInTime: false);

    [Fact]
    public void A_new_code_opens_with_stock_and_plenty_needs_no_delivery()
    {
        Shop.Deliver("1", "22423", 10, available: null).ShouldBe(new Delivery(Supplier.OpeningStock, 0));
        Shop.Deliver("1", "22423", 10, available: 60).ShouldBe(default);
    }

    [Fact]
    public void Little_stock_asks_for_a_lot_and_for_what_is_missing_besides()
    {
        Shop.Deliver("1", "22423", 11, available: 60).Total.ShouldBe(Supplier.Lot);
        Shop.Deliver("1", "22423", 100, available: 60).Total.ShouldBe(Supplier.Lot + 40);
        Shop.Deliver("1", "22423", 100, available: -60).Total.ShouldBe(Supplier.Lot + 160);
    }

    [Fact]
    public void One_delivery_in_five_is_late_and_always_the_same_ones()
    {
        var late = Enumerable.Range(0, 10_000).Count(number => Shop.Deliver($"{number}", "22423", 100, available: 0).Late > 0);
        late.ShouldBeInRange(1_800, 2_200);
        Enumerable.Range(0, 100).ShouldAllBe(number => Shop.Deliver($"{number}", "22423", 100, 0) == Shop.Deliver($"{number}", "22423", 100, 0));
    }

    [Fact]
    public void A_dataset_gets_everything_in_time()
    {
        var supplier = new Supplier(alwaysInTime: true);
        Enumerable.Range(0, 1_000).ShouldAllBe(number => supplier.Deliver($"{number}", "22423", 100, available: 0) == new Delivery(100 + Supplier.DatasetLot, 0));
        supplier.Deliver("1", "22423", 100, available: 100).ShouldBe(default);
    }

    [Fact]
    public void An_unknown_mode_is_refused_by_name()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("FLOW_MODE", "production")]).Build();
        Should.Throw<InvalidOperationException>(() => Supplier.From(configuration)).Message.ShouldBe("FLOW_MODE is 'production'. It must be 'shop' or 'dataset'.");
    }
}
