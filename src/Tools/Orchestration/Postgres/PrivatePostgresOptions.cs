namespace FlowPlatform.Orchestration.Postgres;

/// <summary>How a private Postgres server is started.</summary>
public sealed record PrivatePostgresOptions
{
    /// <summary>Holds everything of the server: databases, configuration, secrets (mode 0600). One server at a time.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>Default: <see cref="PostgresSource.Auto"/>.</summary>
    public PostgresSource Source { get; init; } = PostgresSource.Auto;

    /// <summary>The superuser. Letters, digits, <c>-</c> and <c>_</c>. Default: <c>flow</c>.</summary>
    public string User { get; init; } = "flow";

    /// <summary>Letters, digits, <c>-</c> and <c>_</c>. Default: generated once and kept in the data directory.</summary>
    public string? Password { get; init; }

    /// <summary>On 127.0.0.1. Default: any free one.</summary>
    public int? Port { get; init; }

    /// <summary>Whether what is committed survives a power cut. Default: true. False is for tests: a crash of the server alone loses nothing then, either.</summary>
    public bool Durable { get; init; } = true;

    /// <summary>More lines for the server's <c>postgresql.conf</c>. Default: none.</summary>
    public IReadOnlyList<string> Configuration { get; init; } = [];

    /// <summary>How long the server may take until it answers, recovery after a crash included. Default: 2 minutes (about 2 s on two idle cores).</summary>
    public TimeSpan StartLimit { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>How long the server may take to stop before it is killed. Default: 8 s.</summary>
    public TimeSpan StopLimit { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Used instead of looking for one.</summary>
    internal PostgresInstallation? Installation { get; init; }

    /// <summary>Instead of finding out: <see cref="ServerUser.Self"/> or <see cref="ServerUser.Nobody"/>. Matters to root only.</summary>
    internal string? RunAs { get; init; }

    /// <summary>Called for each line that the server writes. May be called concurrently.</summary>
    public Action<string>? OnOutput { get; init; }
}
