using System.Collections.Immutable;
using FlowPlatform.Consumers;
using FlowPlatform.Hosting;
using FlowPlatform.Stores;
using Microsoft.Extensions.DependencyInjection;

namespace FlowPlatform.Testing;

/// <content>Parked events.</content>
public sealed partial class FlowTest
{
    private ImmutableHashSet<string> mayPark = ImmutableHashSet.Create<string>(StringComparer.Ordinal);

    /// <summary>
    /// Waits until a consumer has parked something, as it does at an event that it can't apply. From then on its parked events are no fault to <see cref="SettledAsync"/>; without this call they are.
    /// </summary>
    /// <param name="limit">Longest real time; default <see cref="FlowTestOptions.Limit"/>.</param>
    /// <returns>The parked keys, by stream, partition and key, at most 500: why each is parked, and how many events wait.</returns>
    /// <exception cref="FlowTestException">It parks nothing.</exception>
    public async Task<IReadOnlyList<ParkedKey>> ParkedAsync<TConsumer>(TimeSpan? limit = null)
        where TConsumer : Consumer
    {
        var loop = LoopOf<TConsumer>();
        ImmutableInterlocked.Update(ref mayPark, static (names, name) => names.Add(name), loop.Consumer.Name);
        await WatchAsync(_ => loop.Feeds.Any(feed => feed.Cursor.Parked.Any), limit, $"{loop.Consumer.Name} did not park anything");
        return await ReadParkedAsync(loop.Consumer.Name);
    }

    /// <summary>Applies what a consumer has parked once more, as an operator would ask for, and waits until that is done. What fails again stays parked.</summary>
    /// <param name="key">This key only; default: all.</param>
    /// <returns>The keys that are parked still.</returns>
    /// <exception cref="FlowTestException">It has parked nothing of that.</exception>
    public Task<IReadOnlyList<ParkedKey>> RedriveAsync<TConsumer>(string? key = null)
        where TConsumer : Consumer => RequestAsync<TConsumer>(ParkingVerb.Redrive, key);

    /// <summary>Gives up what a consumer has parked, as an operator would ask for, and waits until that is done.</summary>
    /// <inheritdoc cref="RedriveAsync{TConsumer}(string?)" />
    public Task<IReadOnlyList<ParkedKey>> DiscardAsync<TConsumer>(string? key = null)
        where TConsumer : Consumer => RequestAsync<TConsumer>(ParkingVerb.Discard, key);

    private async Task<IReadOnlyList<ParkedKey>> RequestAsync<TConsumer>(ParkingVerb verb, string? key)
        where TConsumer : Consumer
    {
        var loop = LoopOf<TConsumer>();
        var parking = Services.GetRequiredService<FlowParking>();
        var asked = await parking.RequestAsync(verb, new ParkingTarget(loop.Consumer.Name) { Key = key }, "test", null, TestRun.Cancellation());
        if (asked.Count == 0)
        {
            throw new FlowTestException($"{loop.Consumer.Name} has parked nothing{(key is null ? "" : $" of key '{key}'")}.");
        }

        IReadOnlyList<ParkedKey> left = asked;
        await Eventually.ThatAsync(
            $"{loop.Consumer.Name} has done what was asked",
            async () => (left = await ReadParkedAsync(loop.Consumer.Name)).All(parked => parked.Request is null),
            source.Options.Limit);
        return left;
    }

    private Task<IReadOnlyList<ParkedKey>> ReadParkedAsync(string consumer) =>
        Services.GetRequiredService<FlowParking>().ReadKeysAsync(consumer, null, null, FlowParking.MaxPage, TestRun.Cancellation());

    private ConsumerLoop LoopOf<TConsumer>()
        where TConsumer : Consumer =>
        Services.GetRequiredService<FlowRuntime>().Loops.FirstOrDefault(loop => loop.Consumer is TConsumer)
            ?? throw new FlowTestException($"'{Definition.Service}' has no {typeof(TConsumer).Name}.");
}
