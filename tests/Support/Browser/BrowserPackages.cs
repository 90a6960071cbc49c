using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Packages;

namespace FlowPlatform.Tests.Support.Browser;

/// <summary>
/// Chromium's headless shell and fonts from Debian's packages, unpacked below the user's cache, without root. The shell is the same engine as the browser's, and needs neither GTK nor a display.
/// </summary>
internal sealed class BrowserPackages(string cacheFolder, SystemRelease release, IProgress<string>? progress)
{
    private const string Shell = "chromium-headless-shell";
    private const string FontFile = "fonts.conf";

    private static readonly string[] Fonts = ["fonts-inter", "fonts-dejavu-core"];

    /// <exception cref="BrowserException">The user has no home.</exception>
    public static BrowserPackages ForThisSystem(IProgress<string>? progress)
    {
        try
        {
            return new(UserCache.Folder("browser"), SystemRelease.Current(), progress);
        }
        catch (BrokerException e)
        {
            throw new BrowserException(e.Message, e);
        }
    }

    /// <summary>The unpacked browser; downloads it if it isn't there yet.</summary>
    /// <exception cref="BrowserException">There are no packages for this system, or they can't be had.</exception>
    public async Task<BrowserInstallation> EnsureAsync(CancellationToken cancellationToken)
    {
        if (release.Id == "ubuntu")
        {
            throw new BrowserException($"Chromium is not installed, and Ubuntu has it only as a snap, which can't be unpacked. {BrowserInstallation.Cure}");
        }
        var archive = new DebianArchive(new PackagedServer
        {
            Name = "Chromium",
            Package = Shell,
            AlsoPackages = Fonts,
            FolderName = "chromium",
            Parts = Parts,
            CacheFolder = cacheFolder,
            DownloadSize = "100 to 130 MB",
            FreeBytesMin = 800L << 20,
            Cure = BrowserInstallation.Cure,
            Fault = static (message, cause) => new BrowserException(message, cause),
        }, release, progress);
        return await archive.EnsureAsync(Find, (root, token) => WriteFontFileAsync(root, archive.Target, token), cancellationToken);
    }

    /// <summary>The shell's data come in a package of their own; drivers and compilers for graphics cards are not used.</summary>
    internal static PackageParts Parts { get; } = new(
        static package => package == "chromium-common",
        static package => package.StartsWith("libllvm", StringComparison.Ordinal) || package.StartsWith("libgl1-mesa", StringComparison.Ordinal));

    /// <summary>What an unpacked tree offers, or null when it is incomplete.</summary>
    internal static BrowserInstallation? Find(string root)
    {
        var shell = Path.Combine(root, "usr/lib/chromium", Shell);
        var fonts = Path.Combine(root, FontFile);
        return File.Exists(shell) && File.Exists(Path.Combine(root, "usr/lib/chromium/icudtl.dat")) && File.Exists(fonts) ? new BrowserInstallation(shell, LibraryPath(root), fonts) : null;
    }

    /// <summary>One library looks for its other half in a folder that it names absolutely (libpulse: <c>…/pulseaudio</c>).</summary>
    private static string? LibraryPath(string root) => DebianArchive.LibraryPath(root) is { } path
        ? string.Join(':', path.Split(':').SelectMany(static folder => (string[])[folder, Path.Combine(folder, "pulseaudio")]).Where(Directory.Exists))
        : null;

    /// <summary>The same fonts on every machine: screenshots are looked at, and text that is wider elsewhere wraps elsewhere.</summary>
    private static Task WriteFontFileAsync(string root, string target, CancellationToken cancellationToken) => File.WriteAllTextAsync(
        Path.Combine(root, FontFile),
        $"""
        <?xml version="1.0"?>
        <!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
        <fontconfig>
          <dir>{target}/usr/share/fonts</dir>
          <cachedir>{target}/fontconfig-cache</cachedir>
          {string.Concat(((string[])["sans-serif", "system-ui", "ui-sans-serif"]).Select(static name => Alias(name, "Inter")))}
          {string.Concat(((string[])["monospace", "ui-monospace"]).Select(static name => Alias(name, "DejaVu Sans Mono")))}
        </fontconfig>
        """,
        cancellationToken);

    private static string Alias(string name, string family) => $"<alias binding=\"strong\"><family>{name}</family><prefer><family>{family}</family><family>DejaVu Sans</family></prefer></alias>";
}
