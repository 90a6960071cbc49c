using FlowPlatform.Stores;

namespace FlowPlatform.Consumers.Sharing;

/// <summary>
/// Who should have what. A pure function of the two tables, so that all replicas come to the same answer without talking: per consumer, members differ by one unit at most; what is left over goes
/// to who has least in all; who has a unit keeps it if its share allows. Where it is followed, it stays as it is.
/// </summary>
internal static class LeaseShares
{
    /// <summary>The member that each unit should belong to; units that no member can own are left out.</summary>
    public static Dictionary<LeaseUnit, string> Compute(LeaseTable table)
    {
        var shares = new Dictionary<LeaseUnit, string>();
        var members = table.Members.Where(member => !member.Leaving).OrderBy(member => member.Id, StringComparer.Ordinal).ToList();
        var loads = members.ToDictionary(member => member.Id, _ => 0, StringComparer.Ordinal);
        foreach (var group in table.Leases.GroupBy(lease => lease.Unit.Consumer, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal))
        {
            var able = members.Where(member => member.Consumers.Contains(group.Key)).Select(member => member.Id).ToList();
            if (able.Count > 0)
            {
                Share([.. group.OrderBy(lease => lease.Unit.Partition)], able, loads, shares);
            }
        }

        return shares;
    }

    private static void Share(List<Lease> leases, List<string> members, Dictionary<string, int> loads, Dictionary<LeaseUnit, string> shares)
    {
        var owned = leases.Where(lease => lease.Owner is not null).GroupBy(lease => lease.Owner!, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal);
        var (each, extra) = (leases.Count / members.Count, leases.Count % members.Count);
        var room = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var member in members.OrderBy(member => loads[member]).ThenByDescending(member => owned.GetValueOrDefault(member)))
        {
            room[member] = each + (extra-- > 0 ? 1 : 0);
            loads[member] += room[member];
        }

        foreach (var lease in leases.Where(lease => lease.Owner is { } owner && room.GetValueOrDefault(owner) > 0))
        {
            shares[lease.Unit] = lease.Owner!;
            room[lease.Owner!]--;
        }

        foreach (var lease in leases.Where(lease => !shares.ContainsKey(lease.Unit)))
        {
            var member = members.First(candidate => room[candidate] > 0);
            shares[lease.Unit] = member;
            room[member]--;
        }
    }
}
