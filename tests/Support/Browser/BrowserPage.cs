using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;

namespace FlowPlatform.Tests.Support.Browser;

/// <summary>A page, as a person has it before them.</summary>
internal sealed class BrowserPage(IPage page)
{
    /// <summary>Longest wait for anything on a page. Whole systems share two cores with it.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static readonly ViewportSize Desk = new() { Width = 1280, Height = 800 };

    public static readonly ViewportSize Phone = new() { Width = 390, Height = 844 };

    /// <summary>A page is sent rendered, and its elements listen only once the circuit has drawn it again: what is clicked before is lost. The layout says when; pages without a circuit have no such script.</summary>
    private const string IsInteractive = "() => !document.querySelector('script[src*=\"blazor.web\"]') || document.querySelector('[data-interactive]')";

    private static readonly string[] Rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

    /// <summary>For what is not here.</summary>
    public IPage Page => page;

    public PageFaults Faults { get; } = new(page);

    public ILocator Heading => page.GetByRole(AriaRole.Heading, new() { Level = 1 });

    /// <summary>The path with its query, as in the address line.</summary>
    public string Address => new Uri(page.Url).PathAndQuery;

    /// <summary>Opens a path of the site and waits until it is loaded, and its server answers to what is clicked.</summary>
    public async Task OpenAsync(string path)
    {
        await page.GotoAsync(path, new() { WaitUntil = WaitUntilState.Load });
        await page.WaitForFunctionAsync(IsInteractive);
    }

    /// <summary>Waits until nothing on the page says that it is still being read.</summary>
    public async Task SettledAsync()
    {
        try
        {
            await page.WaitForFunctionAsync("() => !document.querySelector('progress:not([value])')");
        }
        catch (TimeoutException)
        {
            throw new FlowTestException($"{page.Url} is still reading after {Limit.TotalSeconds:0} s. It shows:\n{await TextAsync()}");
        }
    }

    /// <summary>Opens a path, and again, until all that it is to show is there.</summary>
    /// <param name="path">Of the page.</param>
    /// <param name="condition">In words, for the message.</param>
    /// <param name="all">What is to be visible.</param>
    /// <param name="limit">Longest wait; default <see cref="Limit"/>.</param>
    public async Task OpenUntilAsync(string path, string condition, IReadOnlyList<ILocator> all, TimeSpan? limit = null) => await Eventually.ThatAsync(
        condition,
        async () =>
        {
            await OpenAsync(path);
            await SettledAsync();
            foreach (var what in all)
            {
                if (!await what.First.IsVisibleAsync())
                {
                    return what.ToString();
                }
            }

            return null;
        },
        static missing => missing is null,
        limit ?? Limit);

    /// <summary>Waits until something is to be seen.</summary>
    /// <param name="condition">In words, for the message.</param>
    /// <param name="what">Where it is to be.</param>
    /// <param name="limit">Longest wait; default <see cref="Limit"/>.</param>
    /// <exception cref="FlowTestException">It did not come; the message has the page's text.</exception>
    public async Task<ILocator> SeesAsync(string condition, ILocator what, TimeSpan? limit = null)
    {
        try
        {
            await what.First.WaitForAsync(new() { State = WaitForSelectorState.Visible, Timeout = (float)(limit ?? Limit).TotalMilliseconds });
            return what;
        }
        catch (TimeoutException e)
        {
            throw new FlowTestException($"Not within {(limit ?? Limit).TotalSeconds:0.##} s: {condition}. {page.Url} shows:\n{await TextAsync()}\n{e.Message}");
        }
    }

    /// <summary>Waits until a value on the page is as it should be.</summary>
    public Task<T> UntilAsync<T>(string condition, Func<Task<T>> read, Func<T, bool> holds, TimeSpan? limit = null) => Eventually.ThatAsync(condition, read, holds, limit ?? Limit);

    /// <summary>Waits until the address is as it should be.</summary>
    public Task IsAtAsync(Func<string, bool> address, string condition) => Eventually.ThatAsync(condition, () => Task.FromResult(Address), address, Limit);

    /// <summary>Presses a key until an element has the focus.</summary>
    /// <exception cref="FlowTestException">It does not get it in so many.</exception>
    public async Task PressUntilFocusedAsync(string key, ILocator element, string name, int most = 60)
    {
        for (var pressed = 0; pressed < most; pressed++)
        {
            await page.Keyboard.PressAsync(key);
            if (await element.EvaluateAsync<bool>("element => element === document.activeElement"))
            {
                return;
            }
        }

        throw new FlowTestException($"{most} times {key} do not lead to {name}.");
    }

    /// <summary>
    /// Looks at the page as it is now: pictures in light, dark and on a phone are written to artifacts/screenshots; no rule of accessibility is broken in either colour scheme; on a phone nothing sticks out sideways.
    /// </summary>
    /// <param name="name">Of the pictures, with a folder: <c>pages/traces</c>.</param>
    public async Task LookAsync(string name)
    {
        await SettledAsync();
        List<string> broken = [];
        foreach (var scheme in (ColorScheme[])[ColorScheme.Dark, ColorScheme.Light])
        {
            await page.EmulateMediaAsync(new() { ColorScheme = scheme });
            await PictureAsync($"{name}-{scheme}");
            broken.AddRange((await BrokenRulesAsync()).Select(rule => $"{name} ({scheme}): {rule}"));
        }

        await page.SetViewportSizeAsync(Phone.Width, Phone.Height);
        await PictureAsync($"{name}-phone");
        var width = await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth");
        await page.SetViewportSizeAsync(Desk.Width, Desk.Height);
        broken.ShouldBeEmpty("rules of accessibility");
        width.ShouldBeLessThanOrEqualTo(Phone.Width, $"{name} on a phone is wider than its screen");
    }

    /// <summary>The page's text, for messages.</summary>
    public async Task<string> TextAsync() => await page.Locator("body").InnerTextAsync();

    private async Task PictureAsync(string name)
    {
        var (folder, file) = (Path.GetDirectoryName(name) ?? "", Path.GetFileName(name));
        await page.ScreenshotAsync(new() { Path = Artifacts.File(Path.Combine("screenshots", folder), $"{file.ToLowerInvariant()}.png"), FullPage = true, Animations = ScreenshotAnimations.Disabled });
    }

    private async Task<IEnumerable<string>> BrokenRulesAsync()
    {
        var result = await page.RunAxe(new AxeRunOptions { RunOnly = new RunOnlyOptions { Type = "tag", Values = [.. Rules] }, ResultTypes = [ResultType.Violations] });
        return result.Violations.Select(static violation => $"{violation.Id}: {violation.Help}: {string.Join(" | ", violation.Nodes.Take(5).Select(static node => node.Html))}");
    }
}
