using System.Text;
using FlowPlatform.Dashboard.Controls;
using FlowPlatform.Dashboard.Events;
using FlowPlatform.Dashboard.Streams;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace FlowPlatform.Dashboard.Parked;

/// <summary>Parked keys, what is behind them, and what is to become of them.</summary>
public sealed partial class ParkedPage
{
    private const int MaxAudit = 50;
    private const int LongestActor = 64;
    private ConfirmDialog confirm = null!;
    private Gathered<ServiceKey>? keys;
    private Gathered<ServiceAudit>? audit;
    private ParkedQueue? selected;
    private string reason = "";
    private string? wrong;
    private string? said;
    private bool busy;

    [Inject]
    private ParkedClient Client { get; set; } = null!;

    [Inject]
    private ContractCatalog Contracts { get; set; } = null!;

    [Inject]
    private AuthenticationStateProvider Authentication { get; set; } = null!;

    /// <summary>Only of this service.</summary>
    [SupplyParameterFromQuery]
    public string? Service { get; set; }

    /// <summary>Only of this consumer.</summary>
    [SupplyParameterFromQuery]
    public string? Consumer { get; set; }

    /// <summary>With <see cref="Partition"/> and <see cref="Key"/>: the key that is looked at.</summary>
    [SupplyParameterFromQuery]
    public string? Stream { get; set; }

    /// <summary>See <see cref="Stream"/>.</summary>
    [SupplyParameterFromQuery]
    public int? Partition { get; set; }

    /// <summary>See <see cref="Stream"/>.</summary>
    [SupplyParameterFromQuery]
    public string? Key { get; set; }

    private bool HasFilter => !string.IsNullOrEmpty(Service) || !string.IsNullOrEmpty(Consumer);

    private IReadOnlyList<ServiceKey> Shown =>
        [.. (keys?.Rows ?? []).Where(row => (string.IsNullOrEmpty(Service) || row.Service == Service) && (string.IsNullOrEmpty(Consumer) || row.Key.Consumer == Consumer))];

    /// <inheritdoc />
    protected override bool IsExpected(Exception fault) => base.IsExpected(fault) || fault is ServiceCallException;

    /// <inheritdoc />
    protected override async Task ReadAsync(CancellationToken cancellationToken)
    {
        var (read, entries) = (Client.ListAsync(cancellationToken), Client.AuditAsync(cancellationToken));
        var found = await read;
        var wanted = found.Rows.FirstOrDefault(IsSelected);
        var queue = wanted is null ? null : await Client.ShowAsync(wanted.Service, wanted.Key, 0, cancellationToken);
        (keys, audit, selected) = (found, await entries, queue);
    }

    private bool IsSelected(ServiceKey row) => Key is not null && row.Service == Service && row.Key.Consumer == Consumer && row.Key.Stream == Stream && row.Key.Partition == Partition && row.Key.Key == Key;

    private static string AddressOf(ServiceKey row) => Links.With(
        "parked", ("service", row.Service), ("consumer", row.Key.Consumer), ("stream", row.Key.Stream), ("partition", FormattableString.Invariant($"{row.Key.Partition}")), ("key", row.Key.Key));

    private static string EventAddress(ParkedKey key, ParkedEvent parked) => FormattableString.Invariant($"events/{Uri.EscapeDataString(key.Stream)}/{key.Partition}/{parked.Offset}");

    private Payload PayloadOf(ParkedEvent parked) => Payload.Of(Encoding.UTF8.GetBytes(parked.Data), Contracts.PersonalFieldsOf(parked.Type), reveal: false);

    private Task RedriveAsync() => DoAsync("redrive", (service, key, actor) => Client.RedriveAsync(service, key, actor, reason, End));

    private async Task DiscardAsync()
    {
        var key = selected!.Key;
        wrong = string.IsNullOrWhiteSpace(reason) ? "Say why: the audit keeps it." : null;
        if (wrong is null && await confirm.AskAsync(
                $"Discard {Format.Count(key.Events)} events of key {key.Key}?", $"{key.Consumer} will never apply them, nor will any later rebuild of it. This can't be undone. The audit keeps who, what and why.", "Discard for ever"))
        {
            await DoAsync("discard", (service, wanted, actor) => Client.DiscardAsync(service, wanted, actor, reason, End));
        }
    }

    private async Task DoAsync(string verb, Func<string, ParkedKey, string, Task> ask)
    {
        (busy, wrong, said) = (true, null, null);
        try
        {
            var key = selected!.Key;
            await ask(Service!, key, await ActorAsync());
            said = $"Asked {Service}/{key.Consumer} to {verb} key {key.Key}. Its partition's owner does it between two batches.";
            reason = "";
        }
        catch (ServiceCallException e)
        {
            wrong = e.Message;
        }
        finally
        {
            busy = false;
        }

        await QueryAsync(ReadAsync);
    }

    /// <summary>Who is logged in, in letters that a header may have.</summary>
    private async Task<string> ActorAsync()
    {
        var name = (await Authentication.GetAuthenticationStateAsync()).User.Identity?.Name ?? "";
        var letters = string.Concat(name.Where(static letter => letter is > ' ' and <= '~').Take(LongestActor));
        return letters.Length > 0 ? letters : "dashboard";
    }
}
