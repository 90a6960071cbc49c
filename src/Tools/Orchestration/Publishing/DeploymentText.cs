using Aspire.Hosting.ApplicationModel;

namespace FlowPlatform.Orchestration.Publishing;

/// <summary>A setting as it will be where the application is deployed: what is known already, and between it what must be supplied there.</summary>
/// <param name="Parts">Without two known ones in a row.</param>
internal sealed record DeploymentText(IReadOnlyList<DeploymentPart> Parts)
{
    public bool IsSecret => Parts.Any(part => part.Secret is not null);

    /// <summary>What is known of it; for texts that aren't secret all of it.</summary>
    public string Literal => string.Concat(Parts.Select(part => part.Literal));

    /// <summary>Equal texts have equal keys.</summary>
    public string Key => string.Concat(Parts.Select(part => part.Secret is { } secret ? $"{{{secret}}}" : part.Literal));

    public static DeploymentText Of(IEnumerable<DeploymentPart> parts)
    {
        var joined = new List<DeploymentPart>();
        foreach (var part in parts.Where(part => part.Secret is not null || part.Literal.Length > 0))
        {
            if (part.Secret is null && joined is [.., { Secret: null } last])
            {
                joined[^1] = new DeploymentPart(last.Literal + part.Literal);
            }
            else
            {
                joined.Add(part);
            }
        }
        return new DeploymentText(joined);
    }
}

/// <summary>Known text, or the name of a parameter whose value is secret.</summary>
internal sealed record DeploymentPart(string Literal, string? Secret = null);

/// <summary>Where resources are, seen from each other.</summary>
internal interface IDeploymentHosts
{
    /// <summary>Host and port of an endpoint.</summary>
    (string Host, int Port) Of(IResource resource, EndpointAnnotation endpoint);

    /// <summary>Whether the value is supplied at the target, though the model has it.</summary>
    bool IsSupplied(ParameterResource parameter);
}

/// <summary>Turns the model's values into texts. Values of secret parameters are never asked for: none is generated, none can leak.</summary>
internal static class DeploymentValues
{
    public static async Task<DeploymentText> ResolveAsync(object value, IDeploymentHosts hosts) => DeploymentText.Of(await PartsAsync(value, hosts));

    private static async Task<IReadOnlyList<DeploymentPart>> PartsAsync(object value, IDeploymentHosts hosts)
    {
        switch (value)
        {
            case string text:
                return [new DeploymentPart(text)];
            case ParameterResource parameter:
                return [parameter.Secret || hosts.IsSupplied(parameter) ? new DeploymentPart("", parameter.Name) : new DeploymentPart(await parameter.GetValueAsync() ?? "")];
            case EndpointReference endpoint:
                return [new DeploymentPart(PropertyOf(endpoint, EndpointProperty.Url, hosts))];
            case EndpointReferenceExpression expression:
                return [new DeploymentPart(PropertyOf(expression.Endpoint, expression.Property, hosts))];
            case IResourceWithConnectionString resource:
                return await PartsAsync(resource.ConnectionStringExpression, hosts);
            case ReferenceExpression expression:
                var parts = new List<DeploymentPart>();
                foreach (var part in expression.Parts)
                {
                    parts.AddRange(part.Text is { } known ? [new DeploymentPart(known)] : await PartsAsync(part.Value!.Provider, hosts));
                }
                return parts;
            default:
                throw new PublishException($"A value of type {value.GetType().Name} can't be written into deployment artefacts.");
        }
    }

    private static string PropertyOf(EndpointReference reference, EndpointProperty property, IDeploymentHosts hosts)
    {
        var (host, port) = hosts.Of(reference.Resource, reference.Annotation);
        return property switch
        {
            EndpointProperty.Host => host,
            EndpointProperty.Port => FormattableString.Invariant($"{port}"),
            EndpointProperty.Scheme => reference.Annotation.UriScheme,
            EndpointProperty.HostAndPort => FormattableString.Invariant($"{host}:{port}"),
            _ => FormattableString.Invariant($"{reference.Annotation.UriScheme}://{host}:{port}"),
        };
    }
}
