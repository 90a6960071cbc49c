using System.Globalization;
using System.Text.Json;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>The files of a cluster: what its nodes have in common, and a folder for each.</summary>
internal sealed record ClusterLayout(string DataDirectory, string Id, string User, string Password, string Cookie)
{
    private const string FileName = "cluster.json";
    private const string FinishedFile = "cluster.made";

    /// <summary>Whether a cluster has served from this directory.</summary>
    public static bool HoldsDatabase(string dataDirectory) => File.Exists(Path.Combine(dataDirectory, FinishedFile));

    /// <exception cref="BrokerException">A cluster's log is there, and one node is to be started on it.</exception>
    public static void RefuseCluster(string dataDirectory)
    {
        if (HoldsDatabase(dataDirectory))
        {
            throw new BrokerException($"The log in {dataDirectory} belongs to a cluster of {PrivateCluster.Size} nodes. Choose --broker-nodes {PrivateCluster.Size}, or another --data.");
        }
    }

    /// <exception cref="BrokerException">The log of a single node or of a container is there, and a cluster is to be started on it.</exception>
    public static void RefuseOthers(string dataDirectory)
    {
        if (NodeLayout.HoldsDatabase(dataDirectory) || Containers.ContainerLayout.HoldsDatabase(dataDirectory))
        {
            throw new BrokerException($"The log in {dataDirectory} belongs to a single node. Leave --broker-nodes out (or choose 1), or choose another --data.");
        }
    }

    /// <exception cref="BrokerException">The directory was created with other credentials, or its file is damaged.</exception>
    public static ClusterLayout LoadOrCreate(string dataDirectory, string user, string? password)
    {
        NodeSecrets.CheckPlain("user", user);
        if (password is not null)
        {
            NodeSecrets.CheckPlain("password", password);
        }
        var file = Path.Combine(dataDirectory, FileName);
        if (!File.Exists(file))
        {
            var created = new ClusterLayout(dataDirectory, NodeSecrets.Random(8).ToLowerInvariant(), user, password ?? NodeSecrets.Random(28), NodeSecrets.Random(28));
            PrivateFile.Write(file, JsonSerializer.Serialize(new Kept(created.Id, created.User, created.Password, created.Cookie)));
            return created;
        }
        var kept = Read(file);
        return kept.User == user && (password is null || kept.Password == password)
            ? new ClusterLayout(dataDirectory, kept.Id, kept.User, kept.Password, kept.Cookie)
            : throw new BrokerException($"The broker's data in {dataDirectory} was created with another user or password. Give the same ones, or delete that folder (its messages are lost).");
    }

    public string FolderOf(int number) => Path.Combine(DataDirectory, string.Create(CultureInfo.InvariantCulture, $"node-{number}"));

    public ClusterMember Member(int number, int epmdPort) => new(number, new NodeSecrets(NameOf(number), User, Password, Cookie), epmdPort, number == 1 ? null : NameOf(1));

    /// <summary>Until the cluster has served once there is nothing to lose, and nodes that were joined by halves don't come together again: then all begin anew.</summary>
    public void RemoveUnfinishedDatabases()
    {
        if (!HoldsDatabase(DataDirectory))
        {
            for (var number = 1; number <= PrivateCluster.Size; number++)
            {
                NodeLayout.RemoveDatabase(FolderOf(number));
            }
        }
    }

    public void MarkFinished() => File.WriteAllText(Path.Combine(DataDirectory, FinishedFile), "");

    private static Kept Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<Kept>(File.ReadAllText(file)) ?? throw new JsonException("empty");
        }
        catch (JsonException e)
        {
            throw new BrokerException($"{file} can't be read ({e.Message}). Restore it, or delete the broker's data folder.", e);
        }
    }

    private string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"flow-{Id}-{number}@localhost");

    private sealed record Kept(string Id, string User, string Password, string Cookie);
}
