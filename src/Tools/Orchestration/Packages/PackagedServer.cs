namespace FlowPlatform.Orchestration.Packages;

/// <summary>A server that the distribution packages, and how faults with it are told.</summary>
internal sealed record PackagedServer
{
    /// <summary>As users call it.</summary>
    public required string Name { get; init; }

    /// <summary>The package that leads to all others.</summary>
    public required string Package { get; init; }

    /// <summary>Packages that nothing of the first depends on, such as fonts; default none.</summary>
    public IReadOnlyList<string> AlsoPackages { get; init; } = [];

    /// <summary>What the name of its folder in the cache begins with.</summary>
    public required string FolderName { get; init; }

    public required PackageParts Parts { get; init; }

    /// <summary>Below the user's cache.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>What is downloaded, for the user: "about 45 MB".</summary>
    public required string DownloadSize { get; init; }

    public required long FreeBytesMin { get; init; }

    /// <summary>What to do where the packages can't be had, as a sentence.</summary>
    public required string Cure { get; init; }

    /// <summary>Makes the exception to throw.</summary>
    public required Func<string, Exception?, Exception> Fault { get; init; }
}
