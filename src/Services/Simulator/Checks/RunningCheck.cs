using FlowPlatform.Events;
using Microsoft.AspNetCore.Mvc;
using ServiceDefaults;
using Simulator.Gateway;
using Simulator.Replay;
using Simulator.Watching;

namespace Simulator.Checks;

/// <summary>What <c>POST /flow/check</c> answers.</summary>
/// <param name="Version">Version of this shape: 1.</param>
/// <param name="Ok">All was quiet, and every invariant holds.</param>
/// <param name="Quiet">All came to rest in time. If not, nothing can be said about invariants.</param>
/// <param name="Obstacles">What stood in the way of quiet.</param>
/// <param name="Invariants">What was checked; empty without quiet.</param>
internal sealed record CheckAnswer(int Version, bool Ok, bool Quiet, IReadOnlyList<string> Obstacles, IReadOnlyList<Invariant> Invariants);

/// <summary>
/// Checks a system that runs: the Simulator's customers hold back for a while, until all that is under way has ended; then what the services say must fit together. What is compared with the input at the
/// end of a run is left out: others may have ordered, too. One check at a time. Safe for concurrent use.
/// </summary>
internal sealed class RunningCheck(InputGate gate, ServiceCalls calls, Book book, TimeProvider clock) : IDisposable
{
    private const int LongestWait = 300;
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(250);
    private readonly SemaphoreSlim turn = new(1);

    public static void Map(IEndpointRouteBuilder app) => app.MapFlowAdmin()
        .MapPost("/check", AnswerAsync)
        .WithRequestTimeout(TimeSpan.FromSeconds(2 * LongestWait))
        .ExcludeFromDescription();

    public void Dispose() => turn.Dispose();

    /// <summary>Waits for quiet that long, then checks.</summary>
    public async Task<CheckAnswer> RunAsync(TimeSpan wait, CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken);
        try
        {
            using var closed = gate.Close();
            using var limit = new CancellationTokenSource(wait, clock);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
            var watch = new QuietWatch(clock, wait, adjustments: null);
            try
            {
                await QuietAsync(watch, either.Token);
                var evidence = await Evidence.GatherAsync(input: null, isDataset: false, calls, book, either.Token);
                var invariants = Invariants.Check(evidence);
                return new CheckAnswer(1, invariants.All(invariant => invariant.Ok), Quiet: true, [], invariants);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return new CheckAnswer(1, Ok: false, Quiet: false, watch.Obstacles is { Count: > 0 } obstacles ? obstacles : ["The numbers went on moving: somebody else is ordering."], []);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    private async Task QuietAsync(QuietWatch watch, CancellationToken cancellationToken)
    {
        var poller = new Poller(calls, clock);
        while (watch.Observe(await poller.PollAsync(inDetail: true, cancellationToken), gate.Arrived, gate.OnTheWay == 0, onSchedule: false) != Verdict.Quiet)
        {
            await Task.Delay(Interval, clock, cancellationToken);
        }
    }

    private static async Task<IResult> AnswerAsync([FromQuery] int? wait, RunningCheck check, CancellationToken cancellationToken)
    {
        var faults = new Faults();
        faults.Require(wait is null or (>= 1 and <= LongestWait), "wait", $"The time to wait for quiet is 1 to {LongestWait} seconds.");
        return faults.Any ? faults.ToProblem() : Results.Json(await check.RunAsync(TimeSpan.FromSeconds(wait ?? 30), cancellationToken), FlowJson.Options);
    }
}
