using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.Orchestration.Publishing;

/// <summary>The application as it is deployed.</summary>
/// <param name="Workloads">In the model's order.</param>
/// <param name="Broker">The broker.</param>
/// <param name="Stores">The server of the services' databases; null where stores are files.</param>
internal sealed record Deployment(IReadOnlyList<Workload> Workloads, RabbitMQServerResource Broker, PostgresServerResource? Stores)
{
    /// <summary>The broker's user.</summary>
    public required DeploymentText BrokerUser { get; init; }

    /// <summary>A database and a role of its own for each service.</summary>
    public required IReadOnlyList<WorkloadDatabase> Databases { get; init; }
}

/// <summary>Compares, where the application runs, what its services say of each other: the command <c>flow check</c>, which ends with 0 or says what is wrong.</summary>
internal static class CheckProgram
{
    public const string Name = "check";
    public const string Assembly = "flow.dll";

    /// <summary>The services must come to rest before they can be compared.</summary>
    public static readonly string[] Arguments = ["check", "--wait", "120"];

    public static string ImageOf(PublishRequest request) => $"{request.Images}/cli";

    /// <summary>The services and the key, as the dashboard has them; empty where there is none.</summary>
    public static IReadOnlyList<(string Name, DeploymentText Value)> EnvironmentOf(Deployment deployment) =>
        [.. deployment.Workloads.Where(workload => workload.IsDashboard).SelectMany(workload => workload.Environment)
            .Where(variable => variable.Name.StartsWith("services__", StringComparison.Ordinal) || variable.Name == "FLOW_ADMIN_KEY")];
}

/// <param name="Name">Of the database and of the role.</param>
/// <param name="Password">The parameter that has the role's password.</param>
internal sealed record WorkloadDatabase(string Name, string Password);

/// <summary>A program that runs, in one or several processes.</summary>
internal sealed record Workload(string Name, string Image, string Assembly)
{
    /// <summary>Every program serves HTTP here: the images say so, and nothing below 1024 needs a right.</summary>
    public const int HttpPort = 8080;

    /// <summary>Of the images.</summary>
    public const int User = 1654;

    /// <summary>The one folder of the images that belongs to the user: whatever is mounted there does, too.</summary>
    public const string StateDirectory = "/home/app";

    /// <summary>Ordered by name, the last value of each.</summary>
    public required IReadOnlyList<(string Name, DeploymentText Value)> Environment { get; init; }

    /// <summary>Names of what it starts after, once that is healthy.</summary>
    public required IReadOnlyList<string> WaitsFor { get; init; }

    /// <summary>Names of the workloads that send it requests.</summary>
    public required IReadOnlyList<string> CalledBy { get; init; }

    /// <summary>Ports besides <see cref="HttpPort"/>, by name.</summary>
    public IReadOnlyList<(string Name, int Port)> OtherPorts { get; init; } = [];

    /// <summary>Whether others than the application's own workloads call it.</summary>
    public bool IsExternal { get; init; }

    /// <summary>Where it is on one machine's loopback, if it is external and nothing else is said.</summary>
    public int LocalPort { get; init; }

    public bool IsDashboard { get; init; }

    /// <summary>It keeps files: it is one process, and the files outlive it.</summary>
    public bool HasFiles { get; init; }

    public int Replicas { get; init; } = 1;

    /// <summary>Its replicas share its streams' partitions through its database.</summary>
    public bool Shares { get; init; }
}
