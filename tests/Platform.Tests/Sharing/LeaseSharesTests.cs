using FlowPlatform.Consumers.Sharing;
using FlowPlatform.Log;
using FlowPlatform.Stores;

namespace FlowPlatform.Tests.Sharing;

public sealed class LeaseSharesTests
{
    [Theory]
    [InlineData(1, 12)]
    [InlineData(2, 12)]
    [InlineData(3, 12)]
    [InlineData(5, 12)]
    [InlineData(32, 12)]
    public void Members_differ_by_one_partition_at_most_and_every_partition_has_one(int members, int partitions)
    {
        var shares = LeaseShares.Compute(Table(members, Partitions("totals", partitions)));

        shares.Count.ShouldBe(partitions);
        var counts = Enumerable.Range(0, members).Select(index => shares.Values.Count(member => member == Name(index))).ToList();
        (counts.Max() - counts.Min()).ShouldBeLessThanOrEqualTo(1);
    }

    [Fact]
    public void What_is_single_goes_to_who_has_least_in_all()
    {
        var units = Partitions("a", 2).Append(new LeaseUnit("b", null)).Append(new LeaseUnit("c", null)).Append(new LeaseUnit("d", null)).Append(LeaseUnit.OutboxRelay);

        var shares = LeaseShares.Compute(Table(3, units));

        Enumerable.Range(0, 3).Select(index => shares.Values.Count(member => member == Name(index))).ShouldBe([2, 2, 2]);
    }

    [Fact]
    public void Whatever_members_come_and_go_only_what_must_move_does_and_then_nothing()
    {
        var random = new Random(1);
        var owners = Partitions("totals", 12).Concat(Partitions("levels", 3)).Append(new LeaseUnit("keeper", null)).ToDictionary(unit => unit, _ => (string?)null);
        for (var step = 0; step < 500; step++)
        {
            var members = Enumerable.Range(0, 6).Where(_ => random.Next(2) == 0).Select(Name).ToList();
            var shares = LeaseShares.Compute(Table(members, owners));
            shares.Count.ShouldBe(members.Count == 0 ? 0 : owners.Count);
            foreach (var (unit, member) in shares)
            {
                owners[unit] = member;
            }

            LeaseShares.Compute(Table(members, owners)).ShouldBe(shares, ignoreOrder: true);
        }
    }

    [Fact]
    public void A_join_takes_from_each_no_more_than_its_surplus()
    {
        var owners = LeaseShares.Compute(Table(3, Partitions("totals", 12))).ToDictionary(pair => pair.Key, pair => (string?)pair.Value);

        var shares = LeaseShares.Compute(Table([Name(0), Name(1), Name(2), Name(3)], owners));

        owners.Count(pair => shares[pair.Key] != pair.Value).ShouldBe(3);
        shares.Where(pair => pair.Value != owners[pair.Key]).ShouldAllBe(pair => pair.Value == Name(3));
    }

    [Fact]
    public void Who_leaves_or_does_not_know_a_consumer_gets_nothing_of_it()
    {
        var table = Table(3, Partitions("totals", 4));
        List<LeaseMember> members = [table.Members[0] with { Leaving = true }, table.Members[1] with { Consumers = ["levels"] }, table.Members[2]];

        LeaseShares.Compute(table with { Members = members }).Values.ShouldAllBe(member => member == Name(2));
        LeaseShares.Compute(table with { Members = members[..2] }).ShouldBeEmpty();
    }

    private static string Name(int index) => $"member-{index}";

    private static IEnumerable<LeaseUnit> Partitions(string consumer, int count) => Enumerable.Range(0, count).Select(index => new LeaseUnit(consumer, new PartitionId("accounts", index)));

    private static LeaseTable Table(int members, IEnumerable<LeaseUnit> units) => Table([.. Enumerable.Range(0, members).Select(Name)], units.ToDictionary(unit => unit, _ => (string?)null));

    private static LeaseTable Table(IReadOnlyList<string> members, Dictionary<LeaseUnit, string?> owners)
    {
        string[] consumers = [.. owners.Keys.Select(unit => unit.Consumer).Distinct()];
        return new(
            [.. members.Select(member => new LeaseMember(member, consumers, false, TimeSpan.FromSeconds(8)))],
            [.. owners.Select(pair => new Lease(pair.Key, pair.Value, 1, null))]);
    }
}
