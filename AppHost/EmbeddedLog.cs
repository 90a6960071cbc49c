namespace FlowPlatform.AppHost;

/// <summary>When streams are files in a directory instead of a broker's.</summary>
internal static class EmbeddedLog
{
    public static string DirectoryOf(AppHostFlags flags) => Path.Combine(flags.DataDirectory, "log");

    /// <summary>Whether it was asked for, or nothing else can be had. A log lives where it was written: what the data directory holds already decides before that.</summary>
    /// <exception cref="UsageException">What was asked for doesn't fit what is in the data directory.</exception>
    public static async Task<bool> IsToBeUsedAsync(AppHostFlags flags)
    {
        var isThere = Directory.Exists(DirectoryOf(flags));
        if (flags.Broker == "embedded" && !isThere && HostMode.HoldsBroker(flags))
        {
            throw new UsageException($"The log in {flags.DataDirectory} belongs to RabbitMQ. Choose another --broker (or auto), or another --data.");
        }
        if (flags.Broker is not ("auto" or "embedded") && isThere)
        {
            throw new UsageException($"The log in {flags.DataDirectory} is embedded. Choose --broker embedded (or auto), or another --data.");
        }
        if (flags.BrokerNodes > 1 && isThere)
        {
            throw new UsageException($"The log in {flags.DataDirectory} is embedded. Leave --broker-nodes out, or choose another --data.");
        }
        if (flags.Broker == "embedded" || isThere)
        {
            return true;
        }
        if (flags.Broker != "auto" || await HostMode.WhyNoBrokerAsync(flags) is not { } reason)
        {
            return false;
        }
        if (flags.BrokerNodes > 1)
        {
            throw new UsageException($"{reason}\n--broker-nodes {flags.BrokerNodes} needs RabbitMQ on this machine; without it, leave the flag out.");
        }
        await Console.Error.WriteLineAsync($"""
            {reason}
            Using the embedded log instead: streams are files in {DirectoryOf(flags)}, for this machine only, and commands stay in each service's memory.
            For RabbitMQ, install rabbitmq-server (3.10 or newer), Docker or Podman, or set ConnectionStrings__rabbitmq to one that runs; then choose another --data.
            """);
        return true;
    }
}
