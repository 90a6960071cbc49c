namespace FlowPlatform.Orchestration.Publishing.Kubernetes;

/// <summary>Which Secret, which key of it.</summary>
internal sealed record SecretReference(string Secret, string Key);

/// <summary>What is secret is never written, only referred to: the cluster operator makes the broker's user; the rest is supplied by whoever deploys.</summary>
internal sealed class Supplied(Deployment deployment)
{
    public const string SecretName = "flow-secrets";
    public const string StoresSecretName = "flow-stores";
    private readonly HashSet<string> parameters = new(StringComparer.Ordinal);
    private readonly HashSet<string> stores = new(StringComparer.Ordinal);

    /// <summary>Keys of <see cref="SecretName"/>.</summary>
    public IEnumerable<string> Parameters => parameters.Order(StringComparer.Ordinal);

    /// <summary>Keys of <see cref="StoresSecretName"/>: connection strings.</summary>
    public IEnumerable<string> Stores => stores.Order(StringComparer.Ordinal);

    /// <summary>Made by the cluster operator.</summary>
    public string BrokerSecretName => $"{deployment.Broker.Name}-default-user";

    public SecretReference Of(string parameter)
    {
        if (parameter == deployment.Broker.UserNameParameter?.Name)
        {
            return new SecretReference(BrokerSecretName, "username");
        }
        if (parameter == deployment.Broker.PasswordParameter.Name)
        {
            return new SecretReference(BrokerSecretName, "password");
        }
        parameters.Add(parameter);
        return new SecretReference(SecretName, parameter);
    }

    /// <summary>The whole connection string of a service's database: where its server is, is not the application's matter.</summary>
    public SecretReference? StoreOf(string variable)
    {
        const string Prefix = "ConnectionStrings__";
        if (deployment.Stores is null || !variable.StartsWith(Prefix, StringComparison.Ordinal) || !variable.EndsWith("-db", StringComparison.Ordinal))
        {
            return null;
        }
        stores.Add(variable[Prefix.Length..]);
        return new SecretReference(StoresSecretName, variable[Prefix.Length..]);
    }
}
