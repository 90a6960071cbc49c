using Microsoft.Playwright;

namespace FlowPlatform.Tests.Support.Browser;

/// <summary>
/// One Chromium for a test run, started by the first test that wants a page. Every test gets a context of its own: no cookie and no cache of another's. Hold it in an assembly fixture. Safe for concurrent use.
/// </summary>
public sealed class TestBrowser : IAsyncDisposable
{
    /// <summary>Two cores that start whole systems beside it.</summary>
    private const float StartMillisecondsMax = 120_000;

    private readonly Lazy<Task<Running>> running = new(StartAsync);

    /// <summary>Runs a test on a page of the site. It fails with what the page had to complain about, too; of a test that failed, a trace is kept in artifacts/traces.</summary>
    /// <param name="site">What paths are relative to.</param>
    /// <param name="test">The test.</param>
    /// <param name="isToFail">The test wants the failure: no trace is kept.</param>
    /// <exception cref="BrowserException">There is no browser.</exception>
    /// <exception cref="PageFaultException">The page logged an error, broke its content security policy, made a request that failed or went outside.</exception>
    internal async Task UseAsync(Uri site, Func<BrowserPage, Task> test, bool isToFail = false)
    {
        var (_, browser) = await running.Value;
        await using var context = await browser.NewContextAsync(new() { BaseURL = site.AbsoluteUri, ViewportSize = BrowserPage.Desk, ColorScheme = ColorScheme.Light, ReducedMotion = ReducedMotion.Reduce });
        context.SetDefaultTimeout((float)BrowserPage.Limit.TotalMilliseconds);
        // Snapshots of the document cost nothing that can be measured; a film of it costs a tenth of the processor's time.
        await context.Tracing.StartAsync(new() { Snapshots = true });
        try
        {
            var page = new BrowserPage(await context.NewPageAsync());
            await test(page);
            page.Faults.ShouldBeNone();
            await context.Tracing.StopAsync();
        }
        catch (Exception) when (!isToFail && !TestContext.Current.CancellationToken.IsCancellationRequested)
        {
            await context.Tracing.StopAsync(new() { Path = Artifacts.File("traces", $"{Artifacts.TestName()}.zip") });
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (running.IsValueCreated && running.Value.IsCompletedSuccessfully)
        {
            var (playwright, browser) = await running.Value;
            await browser.DisposeAsync();
            playwright.Dispose();
        }
    }

    private static async Task<Running> StartAsync()
    {
        var installation = await BrowserInstallation.FindAsync(new ErrorLines(), CancellationToken.None);
        var playwright = await Playwright.CreateAsync();
        try
        {
            return new Running(playwright, await playwright.Chromium.LaunchAsync(Options(installation)));
        }
        catch (PlaywrightException e)
        {
            playwright.Dispose();
            throw new BrowserException($"{installation.Executable} does not start: {e.Message}\n{BrowserInstallation.Cure}", e);
        }
    }

    private static BrowserTypeLaunchOptions Options(BrowserInstallation installation) => new()
    {
        ExecutablePath = installation.Executable,
        Headless = true,
        // Chromium refuses to run as root with its sandbox, which gives up the rights of a user. Build machines and containers run tests as root; what is opened is our own pages only.
        ChromiumSandbox = !Environment.IsPrivilegedProcess,
        Timeout = StartMillisecondsMax,
        Args =
        [
            // Names of the outside are not found, and nothing goes through a proxy: what a page needs, it has with it.
            "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
            "--no-proxy-server",
            "--disable-quic",
            "--disable-gpu",
        ],
        Env = EnvironmentOf(installation),
    };

    private static Dictionary<string, string> EnvironmentOf(BrowserInstallation installation)
    {
        var variables = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().ToDictionary(static entry => (string)entry.Key, static entry => (string)entry.Value!);
        if (installation.LibraryPath is { } libraries)
        {
            variables["LD_LIBRARY_PATH"] = libraries;
        }
        if (installation.FontConfiguration is { } fonts)
        {
            variables["FONTCONFIG_FILE"] = fonts;
        }
        return variables;
    }

    private sealed record Running(IPlaywright Playwright, IBrowser Browser);

    private sealed class ErrorLines : IProgress<string>
    {
        public void Report(string value) => Console.Error.WriteLine(value);
    }
}
