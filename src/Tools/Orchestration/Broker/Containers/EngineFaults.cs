namespace FlowPlatform.Orchestration.Broker.Containers;

/// <summary>What an engine's error output means. Engines have no codes for it, only words.</summary>
internal static class EngineFaults
{
    private const int LinesMax = 6;

    /// <summary>The first whose words occur, in this order: permission before connection, for Docker names both.</summary>
    private static readonly (string[] Words, string Cause)[] Known =
    [
        (["permission denied while trying to connect", "dial unix /var/run/docker.sock: connect: permission denied"],
            "the user may not use it. Add the user to the group docker and log in again (that group can become root), or use rootless Docker or Podman."),
        (["cannot connect to the docker daemon", "is the docker daemon running", "error during connect", "docker desktop is not running"],
            "its daemon is not running. Start it (systemctl start docker, or Docker Desktop)."),
        (["cannot connect to podman", "unable to connect to podman"], "its machine is not running. Start it: podman machine start."),
        (["no matching manifest", "no image found in manifest list", "no image found in image index", "exec format error", "does not match the detected host platform"],
            "the image is not for this machine's architecture. Name one that is in FLOW_RABBITMQ_IMAGE, or choose another --broker."),
        (["manifest unknown", "manifest for", "repository does not exist", "name unknown", "requested access to the resource is denied", "pull access denied", "unable to find image", "no such image"],
            "there is no such image, or it may not be pulled without a login. Check FLOW_RABBITMQ_IMAGE."),
        (["toomanyrequests", "rate limit"], "the registry's pull limit is reached. Log in to it, wait, or name a mirror in FLOW_RABBITMQ_IMAGE."),
        (["no space left on device", "not enough space"], "its disk is full. Free some space (docker system df shows what is used)."),
        (["port is already allocated", "address already in use", "ports are not available", "bind for 127.0.0.1"],
            "one of the broker's ports is taken on 127.0.0.1. End what listens there, and start again."),
        (["mounts denied", "is not shared from the host", "path is not shared"],
            "the data directory is not shared with its virtual machine. Share it in its settings, or choose another --data."),
        (["no such host", "name resolution", "i/o timeout", "tls handshake timeout", "connection refused", "network is unreachable", "connection reset", "context deadline exceeded", "request canceled"],
            "the image's registry can't be reached. Check the network and its proxy settings, or name a mirror in FLOW_RABBITMQ_IMAGE."),
    ];

    /// <summary>Like <c>docker can't pull the image: the registry can't be reached. …</c>, with the engine's own last lines.</summary>
    public static string Describe(string engine, string what, string errors)
    {
        var cause = Known.FirstOrDefault(known => known.Words.Any(word => errors.Contains(word, StringComparison.OrdinalIgnoreCase))).Cause;
        var said = string.Join('\n', errors.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0).TakeLast(LinesMax).Select(line => "  " + line));
        return $"{engine} {what}{(cause is null ? "." : $": {cause}")}{(said.Length == 0 ? "" : $"\n{said}")}";
    }
}
