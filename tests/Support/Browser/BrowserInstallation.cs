using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Tests.Support.Browser;

/// <summary>Where a Chromium is, and what it needs in its environment.</summary>
/// <param name="Executable">The browser, or its headless shell.</param>
/// <param name="LibraryPath">Folders of shared libraries that the system lacks, or null.</param>
/// <param name="FontConfiguration">A file for fontconfig, or null for the system's.</param>
internal sealed record BrowserInstallation(string Executable, string? LibraryPath = null, string? FontConfiguration = null)
{
    public const string Cure = "Install chromium or google-chrome, or name the executable of one in FLOW_CHROMIUM.";

    /// <summary>The shell first: it takes half the time of a processor. Ubuntu's <c>chromium-browser</c> is not among them: it starts a snap, which sees no files outside the user's home.</summary>
    private static readonly string[] Commands = ["chromium-headless-shell", "chromium", "google-chrome", "google-chrome-stable"];

    /// <summary>What FLOW_CHROMIUM names; else an installed Chromium or Chrome; else the distribution's packages in the user's cache.</summary>
    /// <exception cref="BrowserException">There is none, and none can be had.</exception>
    public static async Task<BrowserInstallation> FindAsync(IProgress<string> progress, CancellationToken cancellationToken) =>
        Named(Environment.GetEnvironmentVariable("FLOW_CHROMIUM")) ?? Installed() ?? await BrowserPackages.ForThisSystem(progress).EnsureAsync(cancellationToken);

    /// <exception cref="BrowserException">The named executable isn't there.</exception>
    internal static BrowserInstallation? Named(string? path) => path switch
    {
        null or "" => null,
        _ when Executables.Find(path) is { } found => new BrowserInstallation(found),
        _ => throw new BrowserException($"FLOW_CHROMIUM names '{path}', which is not there. {Cure}"),
    };

    private static BrowserInstallation? Installed() => Commands.Select(Executables.Find).FirstOrDefault(static found => found is not null) is { } path ? new BrowserInstallation(path) : null;
}
