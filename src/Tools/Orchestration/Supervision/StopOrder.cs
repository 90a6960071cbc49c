using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>In which waves resources stop: each before everything that it waited for.</summary>
internal static class StopOrder
{
    /// <exception cref="DistributedApplicationException">Resources wait for each other in a circle.</exception>
    public static IReadOnlyList<IReadOnlyList<ResourceRunner>> Of(IReadOnlyList<ResourceRunner> runners)
    {
        var waves = new List<IReadOnlyList<ResourceRunner>>();
        var left = runners.ToList();
        while (left.Count > 0)
        {
            var needed = left.SelectMany(runner => runner.Dependencies).ToHashSet<IResource>(ReferenceEqualityComparer.Instance);
            var wave = left.FindAll(runner => !needed.Contains(runner.Resource.Declared()));
            if (wave.Count == 0)
            {
                throw new DistributedApplicationException("These resources wait for each other in a circle: " + string.Join(", ", left.Select(runner => runner.Resource.Name)));
            }
            waves.Add(wave);
            left.RemoveAll(wave.Contains);
        }
        return waves;
    }
}
