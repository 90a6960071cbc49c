using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Storage;

namespace FlowPlatform.Testing.Tests.Upcasting;

internal abstract record ParcelsEvent;

[Event("parcels.weighed.v1", Key = nameof(ParcelId))]
internal sealed record WeighedV1(string ParcelId, int Grams) : ParcelsEvent, IUpcast<WeighedV2>
{
    public WeighedV2 Upcast() => Grams >= 0 ? new(ParcelId, Grams / 1000m) : throw new InvalidOperationException("Nothing weighs less than nothing.");
}

[Event("parcels.weighed.v2", Key = nameof(ParcelId))]
internal sealed record WeighedV2(string ParcelId, decimal Kilograms) : ParcelsEvent, IUpcast<Weighed>
{
    public Weighed Upcast() => new(ParcelId, Kilograms, "unknown");
}

[Event("parcels.weighed.v3", Key = nameof(ParcelId))]
internal sealed record Weighed(string ParcelId, decimal Kilograms, string Scale) : ParcelsEvent;

/// <summary>Nothing leads from it to version 2.</summary>
[Event("parcels.lost.v1", Key = nameof(ParcelId))]
internal sealed record LostV1(string ParcelId) : ParcelsEvent;

[Event("parcels.lost.v2", Key = nameof(ParcelId))]
internal sealed record Lost(string ParcelId, string Where) : ParcelsEvent;

/// <summary>Knows the newest version only.</summary>
internal sealed class NewestWeights : Projection
{
    public NewestWeights()
    {
        On<Weighed>((weighed, context) => context.ExecuteAsync(
            "INSERT INTO weight VALUES (@ParcelId, @seen)", new { weighed.ParcelId, seen = $"{context.Record.Event.Type} as v3: {weighed.Kilograms} kg by {weighed.Scale}" }));
        On<Lost>((lost, context) => context.ExecuteAsync("INSERT INTO weight VALUES (@ParcelId, @Where)", lost));
    }
}

/// <summary>Handles the second version and the newest itself, the first by way of the second.</summary>
internal sealed class EveryWeight : Projection
{
    public EveryWeight()
    {
        On<WeighedV2>((weighed, context) => context.ExecuteAsync(
            "INSERT INTO weight VALUES (@ParcelId, @seen)", new { weighed.ParcelId, seen = $"{context.Record.Event.Type} as v2: {weighed.Kilograms} kg" }));
        On<Weighed>((weighed, context) => context.ExecuteAsync(
            "INSERT INTO weight VALUES (@ParcelId, @seen)", new { weighed.ParcelId, seen = $"{context.Record.Event.Type} as v3: {weighed.Kilograms} kg by {weighed.Scale}" }));
    }
}

/// <summary>Two folds take the same events as different versions.</summary>
internal sealed class FoldedWeights : Projection
{
    public FoldedWeights()
    {
        FoldBy<string, Seen>(LoadAsync, (scope, states) => SaveAsync(scope, "", states)).On<WeighedV2>((weighed, _) => weighed.ParcelId, (state, weighed, _) => state.Text = $"v2: {weighed.Kilograms}");
        FoldBy<string, Seen>(LoadAsync, (scope, states) => SaveAsync(scope, "newest ", states)).On<Weighed>((weighed, _) => weighed.ParcelId, (state, weighed, _) => state.Text = $"v3: {weighed.Kilograms} {weighed.Scale}");
    }

    private static Task<IEnumerable<KeyValuePair<string, Seen>>> LoadAsync(Stores.IStoreScope scope, IReadOnlyCollection<string> keys) => Task.FromResult(Enumerable.Empty<KeyValuePair<string, Seen>>());

    private static async Task SaveAsync(Stores.IStoreScope scope, string prefix, IReadOnlyCollection<KeyValuePair<string, Seen>> states)
    {
        foreach (var (parcel, state) in states)
        {
            await scope.ExecuteAsync("INSERT INTO weight VALUES (@id, @Text)", new { id = prefix + parcel, state.Text });
        }
    }

    private sealed class Seen
    {
        public string Text { get; set; } = "";
    }
}

/// <summary>Ships what was weighed, whatever version said so.</summary>
internal sealed class AnswerWeights : Reactor
{
    public AnswerWeights() => On<Weighed>((weighed, context) =>
    {
        context.Emit(new Lost(weighed.ParcelId, $"{weighed.Kilograms} kg"));
        return Task.CompletedTask;
    });
}
