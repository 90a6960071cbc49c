using FlowPlatform.Dashboard.Streams;
using FlowPlatform.Hosting;

namespace FlowPlatform.Dashboard.Events;

/// <summary>Which fields of which events are personal data, as their producing services say. Asked again every half minute. Safe for concurrent use.</summary>
internal sealed class ContractCatalog(ServiceAddresses addresses, ServiceClient client, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <summary>Until all have answered once.</summary>
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(3);
    private volatile IReadOnlyDictionary<string, PublishedContract> known = new Dictionary<string, PublishedContract>(StringComparer.Ordinal);

    /// <summary>The personal fields of a type; null if nobody has told: then nothing of it is shown unasked.</summary>
    public IReadOnlyList<string>? PersonalFieldsOf(string type) => known.GetValueOrDefault(type)?.Personal;

    /// <summary>Known types, in order.</summary>
    public IEnumerable<string> Types => known.Keys.Order(StringComparer.Ordinal);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            var all = await AskAsync(stoppingToken);
            await Task.Delay(all ? Interval : Soon, clock, stoppingToken);
        }
    }

    /// <summary>What was known of a service that doesn't answer stays.</summary>
    private async Task<bool> AskAsync(CancellationToken stopping)
    {
        var now = new Dictionary<string, PublishedContract>(known, StringComparer.Ordinal);
        var silent = false;
        foreach (var service in addresses.Names)
        {
            try
            {
                foreach (var contract in (await client.GetAsync<Answer>(addresses.Of(service).First(), "/flow/contracts", Limit, stopping))?.Contracts ?? [])
                {
                    now[contract.Type] = contract;
                }
            }
            catch (ServiceCallException)
            {
                silent = true;
            }
        }

        known = now;
        return !silent;
    }

    private sealed record Answer(IReadOnlyList<PublishedContract>? Contracts);
}
