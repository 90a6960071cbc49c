using FlowPlatform.Stores;

namespace FlowPlatform.Hosting;

/// <summary>What is known to have gone wrong with the log, of all stores of the service. Safe for concurrent use.</summary>
internal sealed class Incidents(FlowRuntime runtime, IServiceStore store, TimeProvider clock)
{
    /// <summary>Health speaks of an incident for a day; the list keeps it.</summary>
    private static readonly TimeSpan Recent = TimeSpan.FromHours(24);

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<Incident>> ReadAsync(CancellationToken cancellationToken)
    {
        List<Incident> incidents = [];
        foreach (var kept in runtime.Loops.Select(loop => runtime.StoreOf(loop.Consumer.GetType())).Append(store).Distinct())
        {
            incidents.AddRange(await kept.Checkpoints.ReadIncidentsAsync(cancellationToken));
        }

        return [.. incidents.OrderByDescending(incident => incident.NotedAt)];
    }

    /// <summary>A sentence for everyone who has noted something lately.</summary>
    public IEnumerable<string> Summaries(IReadOnlyList<Incident> incidents) =>
        from incident in incidents
        where clock.GetUtcNow() - incident.NotedAt < Recent
        group incident by incident.Consumer into noted
        select $"{noted.Key} has noted {noted.Count()} incidents of the log in the last 24 hours, the last at {noted.First().Partition} ({noted.First().Kind}): GET /flow/incidents tells more.";
}
