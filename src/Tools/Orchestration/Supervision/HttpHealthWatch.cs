using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>
/// Asks a health endpoint: every 100 ms until it is healthy for the first time, then every 5 s; unhealthy, after 1 s and a second more each time, up to 5 s.
/// Once healthy, one failure is forgiven: a busy machine may answer late.
/// </summary>
internal sealed class HttpHealthWatch(Uri address, int expectedStatus, Func<HealthStatus, string?, Task> publish, TimeProvider time)
{
    private static readonly TimeSpan StartingInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan HealthyInterval = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(5);
    private const int FailuresForgiven = 1;

    private static readonly HttpClient Client = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseProxy = false }) { Timeout = AnswerLimit };

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var wasHealthy = false;
        for (var failures = 0; ;)
        {
            var fault = await AskAsync(cancellationToken);
            failures = fault is null ? 0 : failures + 1;
            if (fault is null || !wasHealthy || failures > FailuresForgiven)
            {
                await publish(fault is null ? HealthStatus.Healthy : HealthStatus.Unhealthy, fault);
            }
            wasHealthy |= fault is null;
            await Task.Delay(Interval(wasHealthy, failures), time, cancellationToken);
        }
    }

    private static TimeSpan Interval(bool wasHealthy, int failures) =>
        !wasHealthy ? StartingInterval
        : failures == 0 ? HealthyInterval
        : TimeSpan.FromSeconds(Math.Min(failures, 5));

    private async Task<string?> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var response = await Client.GetAsync(address, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var status = (int)response.StatusCode;
            return status == expectedStatus ? null : string.Create(CultureInfo.InvariantCulture, $"{address.AbsolutePath} answers {status}");
        }
        catch (HttpRequestException e)
        {
            return $"{address.AbsolutePath} can't be reached: {e.Message}";
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return $"{address.AbsolutePath} doesn't answer within {AnswerLimit.TotalSeconds:0} s";
        }
    }
}
