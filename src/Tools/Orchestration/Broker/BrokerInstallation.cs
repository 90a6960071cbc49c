namespace FlowPlatform.Orchestration.Broker;

/// <summary>Where a RabbitMQ server and its Erlang are, on the system or unpacked in the cache.</summary>
/// <param name="ServerScript">The script that execs the VM (not a distribution's wrapper that switches users).</param>
/// <param name="Epmd">Erlang's port mapper.</param>
/// <param name="ErlangBin">The folder of <c>erl</c>.</param>
/// <param name="LibraryPath">Folders of shared libraries that the system lacks, or null.</param>
public sealed record BrokerInstallation(string ServerScript, string Epmd, string ErlangBin, string? LibraryPath);

/// <summary>How a broker is obtained.</summary>
public enum BrokerSource
{
    /// <summary>An installed server if there is one, else the distribution's packages in the user's cache, else a container.</summary>
    Auto,

    /// <summary>An installed server only.</summary>
    Installed,

    /// <summary>The distribution's packages in the user's cache only.</summary>
    Packages,

    /// <summary>A container of Docker or Podman only.</summary>
    Container,
}
