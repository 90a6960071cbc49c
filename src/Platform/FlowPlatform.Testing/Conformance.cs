using FlowPlatform.Consumers;
using FlowPlatform.Hosting;
using FlowPlatform.Testing.Conforming;
using Microsoft.Extensions.Hosting;

namespace FlowPlatform.Testing;

/// <summary>
/// Checks everything that a projection must keep so that it can be live, rebuilt, verified and shared: one call for one test. Safe for concurrent use.
/// <para>
/// The history is folded once, event by event: that is the reference. Then it is folded again, with every event and every batch delivered twice, in other batches and interleavings, with a crash at each
/// boundary of each event's transaction (before its rows, after them and before the commit, after the commit and before the reader moves on, between two batches), with each event as poison (its key parks, all
/// others flow on, and a redrive mends it), with old versions of events upcast, and once more from the beginning. The rows must always be those of the reference. It runs on the consumer's real transactions,
/// checkpoints and parking, over a SQLite file; what happens, and when, is decided by the seed alone.
/// </para>
/// <para>What it can't see: effects that no row shows (a letter sent from a handler), and a clock that is read more coarsely than the check takes.</para>
/// </summary>
public static class Conformance
{
    /// <summary>Checks a projection of a service that is only a flow, or of which only the flow matters.</summary>
    /// <typeparam name="TProjection">The projection; the flow declares it.</typeparam>
    /// <param name="declare">Declares the flow, as <see cref="FlowTest.StartAsync(string, Action{FlowBuilder}, Action{FlowTestOptions})"/> has it.</param>
    /// <param name="history">Events of every type, and of every old version, that the projection takes, of several keys and in several partitions. Those of streams that it does not read are left out.</param>
    /// <param name="configure">Sets options.</param>
    /// <returns>What was checked, for whoever wants to see it.</returns>
    /// <exception cref="FlowTestException">It does not conform: the message names check, event and position, and shows the rows that differ. Or the history can't show it.</exception>
    public static async Task<ConformanceReport> OfAsync<TProjection>(Action<FlowBuilder> declare, EventHistory history, Action<ConformanceOptions>? configure = null)
        where TProjection : Projection
    {
        var options = ConformanceOptions.Of(configure);
        return await CheckAsync<TProjection>(() => SteppedFlow.StartAsync("conformance", declare, options.Service), history, options);
    }

    /// <summary>Checks a projection of a whole application.</summary>
    /// <param name="build">Builds it, e.g. <c>OrdersApp.Build</c>. It is not started.</param>
    /// <inheritdoc cref="OfAsync{TProjection}(Action{FlowBuilder}, EventHistory, Action{ConformanceOptions})" />
    /// <typeparam name="TProjection">The projection; the flow declares it.</typeparam>
    /// <param name="history">Events of every type that the projection takes.</param>
    /// <param name="configure">Sets options.</param>
    public static async Task<ConformanceReport> OfAsync<TProjection>(Func<string[], Action<FlowBuilder>, IHost> build, EventHistory history, Action<ConformanceOptions>? configure = null)
        where TProjection : Projection
    {
        var options = ConformanceOptions.Of(configure);
        return await CheckAsync<TProjection>(() => SteppedFlow.StartAsync(build, options.Service), history, options);
    }

    private static async Task<ConformanceReport> CheckAsync<TProjection>(Func<Task<SteppedFlow>> start, EventHistory history, ConformanceOptions options)
        where TProjection : Projection
    {
        ArgumentNullException.ThrowIfNull(history);
        await using var first = await start();
        await using var second = await start();
        second.Clock.Advance(ConformanceOptions.Later);
        using var run = new ConformanceRun(typeof(TProjection), first, second, history, options);
        return await run.CheckAsync();
    }
}
