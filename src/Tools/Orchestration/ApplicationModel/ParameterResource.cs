using System.Security.Cryptography;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A value from <c>Parameters:{name}</c> of the configuration, else from its default.</summary>
public sealed class ParameterResource : Resource, IValueProvider, IManifestExpressionProvider
{
    private readonly Lazy<string> value;

    internal ParameterResource(string name, Func<string> value, bool secret)
        : base(name)
    {
        this.value = new Lazy<string>(value);
        Secret = secret;
    }

    /// <summary>Masked wherever it would be shown or logged.</summary>
    public bool Secret { get; }

    public string ValueExpression => $"{{{Name}.value}}";

    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => new(value.Value);
}

public abstract class ParameterDefault
{
    public abstract string GetDefaultValue();
}

/// <summary>A random value, generated once and kept with the data.</summary>
public sealed class GenerateParameterDefault : ParameterDefault
{
    private const string Letters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    private const string WithSpecial = Letters + "-_.{}~()*+!";

    /// <summary>Default: 22 characters, about 128 bits.</summary>
    public int MinLength { get; set; } = 22;

    public bool Special { get; set; } = true;

    public override string GetDefaultValue() => RandomNumberGenerator.GetString(Special ? WithSpecial : Letters, MinLength);
}
