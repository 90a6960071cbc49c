using FlowPlatform.Dashboard.Controls;
using Microsoft.AspNetCore.Components;

namespace FlowPlatform.Dashboard.Resources;

/// <summary>What runs: its state, how it does, and what can be asked of it.</summary>
public sealed partial class ResourcesPage
{
    private readonly Dictionary<string, string> busy = new(StringComparer.OrdinalIgnoreCase);
    private ResourceView now = new(null, [], null);
    private ResourceState? selected;
    private ConfirmDialog? confirm;
    private string? refusal;

    /// <summary>Whose details are shown.</summary>
    [SupplyParameterFromQuery]
    public string? Resource { get; set; }

    /// <summary>graph, or the table.</summary>
    [SupplyParameterFromQuery]
    public string? View { get; set; }

    /// <inheritdoc />
    protected override Task Changed => Board.Next;

    private bool IsGraph => View == "graph";

    private string Summary
    {
        get
        {
            var bad = now.Resources.Count(resource => ResourceTone.Of(resource, Clock.GetUtcNow()).Dot is DotState.Error or DotState.Warning);
            return bad == 0 ? $"{now.Application}: {now.Resources.Count} resources" : $"{now.Application}: {bad} of {now.Resources.Count} resources need a look";
        }
    }

    /// <inheritdoc />
    protected override void OnParametersSet() => Refresh();

    /// <inheritdoc />
    protected override void Refresh()
    {
        now = Board.Now;
        selected = Resource is null ? null : now.Find(Resource);
    }

    private bool IsSelected(ResourceState resource) => string.Equals(resource.Name, Resource, StringComparison.OrdinalIgnoreCase);

    private string HrefOf(ResourceState? resource) => Links.With("resources", ("view", IsGraph ? "graph" : null), ("resource", resource?.Name));

    private async Task AskAsync(ResourceState resource, string command, int? replicas)
    {
        if (busy.ContainsKey(resource.Name) || !await IsMeantAsync(resource, command, replicas))
        {
            return;
        }

        busy[resource.Name] = command switch { "stop" => "Stopping…", "start" => "Starting…", "restart" => "Restarting…", _ => "Changing…" };
        refusal = null;
        StateHasChanged();
        try
        {
            await Client.CommandAsync(resource.Name, command, replicas, End);
        }
        catch (ResourceServiceException fault)
        {
            refusal = fault.Message;
        }
        catch (OperationCanceledException) when (End.IsCancellationRequested)
        {
            // The page is gone; the command goes on.
        }
        finally
        {
            busy.Remove(resource.Name);
        }
    }

    /// <summary>What ends something is asked for twice.</summary>
    private Task<bool> IsMeantAsync(ResourceState resource, string command, int? replicas)
    {
        var others = now.Resources.Where(other => other.Relationships.Any(relationship => relationship.Type == "WaitFor" && relationship.Resource == resource.Name)).Select(static other => other.Name).ToList();
        var dependents = others.Count == 0 ? "" : $" {string.Join(", ", others)} need it.";
        return (command, replicas) switch
        {
            ("stop", _) => confirm!.AskAsync($"Stop {resource.Name}?", $"It ends in good order and stays stopped until it is started again.{dependents}", "Stop"),
            ("restart", _) => confirm!.AskAsync($"Restart {resource.Name}?", $"It ends in good order and starts again at the same address.{dependents}", "Restart"),
            ("set-replicas", { } count) when count < Math.Max(resource.Replicas.Count, 1) => confirm!.AskAsync($"Run {resource.Name} in {count} {(count == 1 ? "process" : "processes")}?", "Those with the highest numbers end; the others take over their partitions.", "Change"),
            ("set-replicas", _) when resource.Replicas.Count == 0 => confirm!.AskAsync($"Run {resource.Name} in {replicas} processes?", "The one that runs is stopped and starts again as the first of them, at the same address.", "Change"),
            _ => Task.FromResult(true),
        };
    }
}
