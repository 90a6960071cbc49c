using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting;

public static class ParameterResourceBuilderExtensions
{
    /// <summary>A parameter from <c>Parameters:{name}</c>, by default <paramref name="value"/>.</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, string name, string value, bool publishValueAsDefault = false, bool secret = false) =>
        Add(builder, name, () => value, secret);

    /// <summary>A parameter from <c>Parameters:{name}</c>, by default generated; with <paramref name="persist"/> kept with the data (mode 0600).</summary>
    public static IResourceBuilder<ParameterResource> AddParameter(
        this IDistributedApplicationBuilder builder, string name, ParameterDefault value, bool secret = false, bool persist = false) =>
        Add(builder, name, () => persist ? ((DistributedApplicationBuilder)builder).Secrets.GetOrAdd(name, value.GetDefaultValue) : value.GetDefaultValue(), secret);

    /// <summary>
    /// A connection string from <c>ConnectionStrings:{name}</c>; shells, which allow no dash in a name, may write an underscore. Dependents get it as
    /// <paramref name="environmentVariableName"/>, by default <c>ConnectionStrings__{name}</c>.
    /// </summary>
    public static IResourceBuilder<IResourceWithConnectionString> AddConnectionString(
        this IDistributedApplicationBuilder builder, string name, string? environmentVariableName = null)
    {
        var value = Configured(builder, "ConnectionStrings", name)
            ?? throw new DistributedApplicationException($"The connection string '{name}' is not configured. Set ConnectionStrings__{name}.");
        return builder.AddResource(new ConnectionStringResource(name, ReferenceExpression.Create($"{value}")) { EnvironmentVariable = environmentVariableName });
    }

    private static IResourceBuilder<ParameterResource> Add(IDistributedApplicationBuilder builder, string name, Func<string> fallback, bool secret)
    {
        var mask = ((DistributedApplicationBuilder)builder).Mask;
        return builder.AddResource(new ParameterResource(name, () =>
        {
            var value = Configured(builder, "Parameters", name) ?? fallback();
            if (secret)
            {
                mask.Add(value);
            }
            return value;
        }, secret));
    }

    private static string? Configured(IDistributedApplicationBuilder builder, string section, string name)
    {
        var value = builder.Configuration[$"{section}:{name}"] ?? builder.Configuration[$"{section}:{name.Replace('-', '_')}"];
        return string.IsNullOrWhiteSpace(value) ? null : value;
    }
}

public static class ConnectionStringBuilderExtensions
{
    /// <summary>A connection string composed of other values. The password of a URI in it is masked.</summary>
    public static IResourceBuilder<ConnectionStringResource> AddConnectionString(
        this IDistributedApplicationBuilder builder, string name, ReferenceExpression connectionStringExpression) =>
        builder.AddResource(new ConnectionStringResource(name, connectionStringExpression));
}
