using FlowPlatform.Dashboard.Controls;
using FlowPlatform.Log;
using Microsoft.AspNetCore.Components;

namespace FlowPlatform.Dashboard.Events;

/// <summary>One event: its data, its trace, who has applied it, and what it caused.</summary>
public sealed partial class EventPage
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private LogRecord? record;
    private Payload? payload;
    private IReadOnlyList<Application>? applied;
    private bool missing;
    private bool reveal;

    [Inject]
    private StreamBrowser Browser { get; set; } = null!;

    [Inject]
    private ContractCatalog Contracts { get; set; } = null!;

    [Inject]
    private AppliedBy Appliers { get; set; } = null!;

    [Inject]
    private TimeProvider Clock { get; set; } = TimeProvider.System;

    [Inject]
    private ILogger<EventPage> Logger { get; set; } = null!;

    /// <summary>Name of the stream.</summary>
    [Parameter]
    public string Stream { get; set; } = "";

    /// <summary>Index of the partition.</summary>
    [Parameter]
    public int Partition { get; set; }

    /// <summary>Offset in it.</summary>
    [Parameter]
    public long Offset { get; set; }

    internal static string AddressOf(LogRecord record) => FormattableString.Invariant($"events/{Uri.EscapeDataString(record.Partition.Stream)}/{record.Partition.Index}/{record.Offset}");

    /// <inheritdoc />
    protected override bool IsExpected(Exception fault) => base.IsExpected(fault) || fault is FlowException;

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        if (RendererInfo.IsInteractive && (record is not { } shown || shown.Partition != new PartitionId(Stream, Partition) || shown.Offset != Offset))
        {
            (record, payload, applied, missing, reveal) = (null, null, null, false, false);
            await QueryAsync(ReadAsync);
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        if (!StreamDefinition.IsValidName(Stream) || Partition is < 0 or >= StreamDefinition.MaxPartitions || Offset < 0)
        {
            missing = true;
            return;
        }

        var found = await FindAsync(cancellationToken);
        (record, missing) = (found, found is null);
        if (found is { } current)
        {
            Show(current);
            StateHasChanged();
            applied = await Appliers.ReadAsync(current, cancellationToken);
        }
    }

    private async Task<LogRecord?> FindAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            return await Browser.FindAsync(new PartitionId(Stream, Partition), Offset, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EventLogUnavailableException($"The log does not answer within {Limit.TotalSeconds:0} s.");
        }
    }

    private void Show(LogRecord shown) => payload = Payload.Of(shown.Event.Data, Contracts.PersonalFieldsOf(shown.Event.Type), reveal);

    private void Reveal()
    {
        reveal = !reveal;
        if (reveal)
        {
            EventAccessLog.Revealed(Logger, Stream, Partition, Offset);
        }

        Show(record!.Value);
    }

    private static string When(Application row) => row switch
    {
        { Exact: { } at } => Format.Time(at),
        { Between: { Since: { } since, Until: { } until } } => $"between {Format.Time(since)} and {Format.Time(until)}",
        { Between.Until: { } until } => $"before {Format.Time(until)}",
        { Applied: true } => "before it was watched",
        _ => "–",
    };
}
