using System.Globalization;
using FlowPlatform.Dashboard.Controls;
using FlowPlatform.Dashboard.Streams;
using Microsoft.AspNetCore.Components;

namespace FlowPlatform.Dashboard.Events;

/// <summary>Browses a stream. What is chosen stands in the address.</summary>
public sealed partial class EventsPage
{
    private const int PageSize = 50;
    private BrowsePage? page;
    private ScanProgress progress;
    private CancellationTokenSource? stop;
    private bool forward;

    [Inject]
    private StreamBrowser Browser { get; set; } = null!;

    [Inject]
    private FlowBoard Board { get; set; } = null!;

    [Inject]
    private ContractCatalog Contracts { get; set; } = null!;

    [Inject]
    private LogConnection Connection { get; set; } = null!;

    /// <summary>Name of the stream; none: the first that is known.</summary>
    [SupplyParameterFromQuery]
    public string? Stream { get; set; }

    /// <summary>One of its partitions; none: all.</summary>
    [SupplyParameterFromQuery]
    public int? Partition { get; set; }

    /// <summary>Exactly this key.</summary>
    [SupplyParameterFromQuery]
    public string? Key { get; set; }

    /// <summary>The beginning of a type.</summary>
    [SupplyParameterFromQuery]
    public string? Type { get; set; }

    /// <summary>An event's, its cause's, or a conversation's id.</summary>
    [SupplyParameterFromQuery]
    public string? Id { get; set; }

    /// <summary>Forward from this time, UTC.</summary>
    [SupplyParameterFromQuery]
    public string? From { get; set; }

    /// <summary>Forward from this offset of the partition.</summary>
    [SupplyParameterFromQuery]
    public long? Offset { get; set; }

    /// <summary>Forward from where a page ended.</summary>
    [SupplyParameterFromQuery]
    public string? Next { get; set; }

    /// <summary>Backward from where a page began.</summary>
    [SupplyParameterFromQuery]
    public string? Before { get; set; }

    /// <summary>Whether what comes is shown as it comes.</summary>
    [SupplyParameterFromQuery]
    public bool Follow { get; set; }

    /// <inheritdoc />
    protected override IReadOnlyList<string> PlaceParameters => ["next", "before"];

    private IEnumerable<string> StreamNames => Board.Known.Select(static partition => partition.Stream).Append(Stream ?? "").Where(static name => name.Length > 0).Distinct().Order(StringComparer.Ordinal);

    private string Chosen => Stream is { Length: > 0 } ? Stream : StreamNames.FirstOrDefault() ?? "";

    private EventFilter Filter => new() { Key = Text(Key), Type = Text(Type), Id = Text(Id) };

    /// <inheritdoc />
    protected override bool IsExpected(Exception fault) => base.IsExpected(fault) || fault is FlowException;

    /// <inheritdoc />
    protected override async Task OnParametersSetAsync()
    {
        // The page that is sent first is not waited for: streams are read once, when somebody is there.
        if (!RendererInfo.IsInteractive || !Connection.IsSet)
        {
            return;
        }

        while (Chosen.Length == 0)
        {
            // The dashboard has just been started, and no service has answered yet.
            await Board.Next.WaitAsync(End).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
            if (End.IsCancellationRequested)
            {
                return;
            }
        }

        StateHasChanged();
        if (!Follow)
        {
            await QueryAsync(ReadAsync);
        }
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        using var stopping = new CancellationTokenSource();
        stop = stopping;
        progress = default;
        var request = new BrowseRequest(Chosen, Partition, Filter, PageSize)
        {
            From = DateTimeOffset.TryParse(From, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var from) ? from : null,
            Offset = Partition is null ? null : Offset,
            Next = ScanCursor.TryParse(Next),
            Before = ScanCursor.TryParse(Before),
        };
        try
        {
            var read = await Browser.BrowseAsync(request, Report, stopping.Token, cancellationToken);
            (page, forward) = (read, request.Forward);
        }
        finally
        {
            stop = null;
        }
    }

    private void Report(ScanProgress now) => _ = InvokeAsync(() =>
    {
        progress = now;
        StateHasChanged();
    });

    private static string Said(BrowsePage page) => string.Create(CultureInfo.InvariantCulture, $"{page.Events.Count} shown of {page.Progress.Scanned:N0} looked at") + page.End switch
    {
        ScanEnd.Stopped => "; stopped.",
        ScanEnd.Limit => $"; so far: that is as much as is read at once.",
        _ => ".",
    };

    private static string? Text(string? value) => string.IsNullOrWhiteSpace(value) ? null : value.Trim();

    private int PartitionsOf(string stream) => Board.Known.Where(partition => partition.Stream == stream).Select(static partition => partition.Index + 1).DefaultIfEmpty(0).Max();
}
