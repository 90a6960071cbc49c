using System.Globalization;
using System.Text.Json.Serialization;
using FlowPlatform.Dashboard.Streams;

namespace FlowPlatform.Dashboard.Parked;

/// <summary>What services have parked, and what is to become of it, over their administrative endpoints. Of several replicas any can be asked. Safe for concurrent use.</summary>
internal sealed class ParkedClient(ServiceAddresses addresses, ServiceClient client)
{
    /// <summary>Keys and entries of one service on a page.</summary>
    public const int Page = 200;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>The parked keys of all services, those that are parked longest first.</summary>
    public async Task<Gathered<ServiceKey>> ListAsync(CancellationToken cancellationToken)
    {
        var all = await GatherAsync(
            async service =>
            {
                var page = await AskAsync<ParkedKeysAnswer>(service, $"/flow/parked?limit={Page}", cancellationToken);
                return (page?.Keys?.Select(key => new ServiceKey(service, key)) ?? [], page?.Next is not null);
            });
        return all with { Rows = [.. all.Rows.OrderBy(static row => row.Key.Since).ThenBy(static row => row.Key.Key, StringComparer.Ordinal)] };
    }

    /// <summary>What operators did, in all services, newest first.</summary>
    public async Task<Gathered<ServiceAudit>> AuditAsync(CancellationToken cancellationToken)
    {
        var all = await GatherAsync(
            async service =>
            {
                var page = await AskAsync<AuditPage>(service, $"/flow/audit?limit={Page}", cancellationToken);
                return (page?.Entries?.Select(entry => new ServiceAudit(service, entry)) ?? [], page?.Next is not null);
            });
        return all with { Rows = [.. all.Rows.OrderByDescending(static row => row.Entry.At)] };
    }

    /// <summary>The events behind a key; null if nothing is parked there any more.</summary>
    /// <exception cref="ServiceCallException">The service doesn't answer, or refuses.</exception>
    public Task<ParkedQueue?> ShowAsync(string service, ParkedKey key, long after, CancellationToken cancellationToken) =>
        AskAsync<ParkedQueue>(service, string.Create(CultureInfo.InvariantCulture, $"{key.Path}?after={after}&limit=50"), cancellationToken);

    /// <summary>Asks to apply a key's events again, in order.</summary>
    /// <exception cref="ServiceCallException">The service doesn't answer, or refuses.</exception>
    public Task RedriveAsync(string service, ParkedKey key, string actor, string? reason, CancellationToken cancellationToken) => RequestAsync("redrive", service, key, actor, reason, cancellationToken);

    /// <summary>Asks to give a key's events up, for ever.</summary>
    /// <exception cref="ServiceCallException">The service doesn't answer, or refuses.</exception>
    public Task DiscardAsync(string service, ParkedKey key, string actor, string reason, CancellationToken cancellationToken) => RequestAsync("discard", service, key, actor, reason, cancellationToken);

    private async Task RequestAsync(string verb, string service, ParkedKey key, string actor, string? reason, CancellationToken cancellationToken)
    {
        var address = addresses.Of(service).FirstOrDefault() ?? throw new ServiceCallException(service, $"There is no service '{service}' here.", refused: true);
        var body = new Body(key.Consumer, key.Stream, key.Partition, key.Key, string.IsNullOrWhiteSpace(reason) ? null : reason);
        await client.PostAsync<object>(address, $"/flow/{verb}", body, actor, Limit, cancellationToken);
    }

    private async Task<T?> AskAsync<T>(string service, string path, CancellationToken cancellationToken)
        where T : class
    {
        ServiceCallException? fault = null;
        foreach (var address in addresses.Of(service))
        {
            try
            {
                return await client.GetAsync<T>(address, path, Limit, cancellationToken);
            }
            catch (ServiceCallException e) when (!e.Refused)
            {
                fault = e;
            }
        }

        throw fault ?? new ServiceCallException(service, $"There is no service '{service}' here.", refused: true);
    }

    private async Task<Gathered<T>> GatherAsync<T>(Func<string, Task<(IEnumerable<T> Rows, bool More)>> ask)
    {
        var faults = new List<string>();
        var answers = await Task.WhenAll(addresses.Names.Select(async service =>
        {
            try
            {
                return await ask(service);
            }
            catch (ServiceCallException e)
            {
                lock (faults)
                {
                    faults.Add(e.Message);
                }

                return ([], false);
            }
        }));
        return new Gathered<T>([.. answers.SelectMany(static answer => answer.Rows)], faults, answers.Any(static answer => answer.More));
    }

    private sealed record Body(
        string Consumer, string Stream, int Partition, string Key, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Reason);
}
