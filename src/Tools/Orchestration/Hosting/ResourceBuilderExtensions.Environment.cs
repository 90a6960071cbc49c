using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static partial class ResourceBuilderExtensions
{
    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, string? value)
        where T : IResourceWithEnvironment => Set(builder, name, value ?? "");

    public static IResourceBuilder<T> WithEnvironment<T>(
        this IResourceBuilder<T> builder, string name, in ReferenceExpression.ExpressionInterpolatedStringHandler value)
        where T : IResourceWithEnvironment => Set(builder, name, ReferenceExpression.Create(value));

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, ReferenceExpression value)
        where T : IResourceWithEnvironment => Set(builder, name, value);

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, EndpointReference endpointReference)
        where T : IResourceWithEnvironment => Set(builder, name, endpointReference);

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string name, IResourceBuilder<ParameterResource> parameter)
        where T : IResourceWithEnvironment => Set(builder, name, parameter.Resource);

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, string envVarName, IResourceBuilder<IResourceWithConnectionString> resource)
        where T : IResourceWithEnvironment => Set(builder, envVarName, resource.Resource);

    public static IResourceBuilder<T> WithEnvironment<T>(this IResourceBuilder<T> builder, Action<EnvironmentCallbackContext> callback)
        where T : IResourceWithEnvironment => Annotate(builder, new EnvironmentCallbackAnnotation(callback));

    /// <summary><c>ConnectionStrings__{name}</c>, and the parts of a RabbitMQ server as <c>NAME_HOST</c>, <c>NAME_PORT</c> and so on.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithConnectionString> source, string? connectionName = null, bool optional = false)
        where TDestination : IResourceWithEnvironment
    {
        var name = connectionName ?? source.Resource.Name;
        builder.Resource.Annotations.Add(new ReferenceAnnotation(source.Resource));
        return builder.WithEnvironment(context =>
        {
            var variable = (source.Resource as ConnectionStringResource)?.EnvironmentVariable ?? $"ConnectionStrings__{name}";
            context.EnvironmentVariables[variable] = source.Resource;
            if (source.Resource is RabbitMQServerResource server)
            {
                foreach (var (property, value) in server.ConnectionProperties)
                {
                    context.EnvironmentVariables[$"{Encode(name)}_{property.ToUpperInvariant()}"] = value;
                }
            }
        });
    }

    /// <summary>Where a service's endpoints are: <c>services__{service}__{scheme or endpoint}__{index}</c> and <c>{SERVICE}_{ENDPOINT}</c>.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithServiceDiscovery> source)
        where TDestination : IResourceWithEnvironment
    {
        builder.Resource.Annotations.Add(new ReferenceAnnotation(source.Resource));
        return builder.WithEnvironment(context =>
        {
            // Endpoints are looked up when the environment is made: they may be declared after the reference.
            foreach (var endpoint in source.Resource.Annotations.OfType<EndpointAnnotation>())
            {
                var key = endpoint.Name is "http" or "https" ? endpoint.UriScheme : endpoint.Name;
                var reference = new EndpointReference(source.Resource, endpoint.Name);
                context.EnvironmentVariables[FreeKey(context, $"services__{source.Resource.Name}__{key}")] = reference;
                foreach (var replica in endpoint.Replicas.Skip(1))
                {
                    context.EnvironmentVariables[FreeKey(context, $"services__{source.Resource.Name}__{key}")] = replica.Url!;
                }
                context.EnvironmentVariables[$"{Encode(source.Resource.Name)}_{Encode(endpoint.Name)}"] = reference;
            }
        });
    }

    private static string FreeKey(EnvironmentCallbackContext context, string prefix)
    {
        var index = 0;
        while (context.EnvironmentVariables.ContainsKey($"{prefix}__{index}"))
        {
            index++;
        }
        return $"{prefix}__{index}";
    }

    /// <summary>Upper case; what a variable's name may not hold becomes an underscore.</summary>
    private static string Encode(string name)
    {
        var encoded = string.Concat(name.Select(character => char.IsAsciiLetterOrDigit(character) ? char.ToUpperInvariant(character) : '_'));
        return char.IsAsciiDigit(encoded[0]) ? "_" + encoded : encoded;
    }

    private static IResourceBuilder<T> Set<T>(IResourceBuilder<T> builder, string name, object value)
        where T : IResourceWithEnvironment => builder.WithEnvironment(context => context.EnvironmentVariables[name] = value);
}
