using System.Net;
using Microsoft.Playwright;

namespace FlowPlatform.Tests.Support.Browser;

/// <summary>A page complained.</summary>
internal sealed class PageFaultException(IReadOnlyCollection<string> faults) : Exception($"The page has {faults.Count} faults:\n{string.Join('\n', faults)}")
{
    public IReadOnlyCollection<string> Faults => faults;
}

/// <summary>
/// What a page complains about: errors in its console (what its content security policy refused is told there, too), exceptions of scripts, requests that failed or were answered with an error, requests to the outside.
/// </summary>
internal sealed class PageFaults
{
    private const int Most = 100;

    /// <summary>Whoever leaves a page drops what it was still loading.</summary>
    private const string Left = "net::ERR_ABORTED";

    private readonly Lock gate = new();
    private readonly List<string> faults = [];

    public PageFaults(IPage page)
    {
        page.Console += (_, message) => AddIf(message.Type == "error", $"console: {message.Text} ({message.Location})");
        page.PageError += (_, error) => AddIf(true, $"script: {error}");
        page.Crash += (_, _) => AddIf(true, "the page has crashed");
        page.RequestFailed += (_, request) => AddIf(request.Failure != Left, $"request: {request.Method} {request.Url}: {request.Failure}");
        page.Response += (_, response) => AddIf(response.Status >= 400, $"answer: {response.Status} to {response.Request.Method} {response.Url}");
        page.Request += (_, request) => AddIf(!IsNear(request.Url), $"outside: {request.Method} {request.Url}");
    }

    /// <summary>Forgets faults that the test has provoked.</summary>
    /// <param name="part">What they have in their text.</param>
    public void ShouldHave(string part)
    {
        lock (gate)
        {
            faults.RemoveAll(fault => fault.Contains(part, StringComparison.Ordinal)).ShouldBeGreaterThan(0, $"a fault with '{part}' was expected; there are: {string.Join('\n', faults)}");
        }
    }

    /// <exception cref="PageFaultException">There are some.</exception>
    public void ShouldBeNone()
    {
        lock (gate)
        {
            if (faults.Count > 0)
            {
                throw new PageFaultException([.. faults]);
            }
        }
    }

    private static bool IsNear(string url) =>
        !Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is "data" or "blob" or "about" || uri.Host == "localhost" || (IPAddress.TryParse(uri.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private void AddIf(bool isFault, string fault)
    {
        lock (gate)
        {
            if (isFault && faults.Count < Most)
            {
                faults.Add(fault);
            }
        }
    }
}
