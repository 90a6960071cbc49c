namespace FlowPlatform.Orchestration.Postgres;

/// <summary>Where a Postgres server is, on the system or unpacked in the cache.</summary>
/// <param name="Bin">The folder of <c>postgres</c> and <c>initdb</c>.</param>
/// <param name="Version">The major version.</param>
/// <param name="LibraryPath">Folders of shared libraries that the system lacks, or null.</param>
public sealed record PostgresInstallation(string Bin, int Version, string? LibraryPath)
{
    /// <summary>Older ones are refused.</summary>
    public const int VersionMin = 15;

    internal string Server => Path.Combine(Bin, "postgres");

    internal string InitDb => Path.Combine(Bin, "initdb");
}

/// <summary>How a Postgres server is obtained.</summary>
public enum PostgresSource
{
    /// <summary>An installed server if there is one, else the distribution's packages in the user's cache.</summary>
    Auto,

    /// <summary>An installed server only.</summary>
    Installed,

    /// <summary>The distribution's packages in the user's cache only.</summary>
    Packages,
}
