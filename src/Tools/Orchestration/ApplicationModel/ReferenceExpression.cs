using System.Runtime.CompilerServices;
using System.Text;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A string with values that are known only when the application runs.</summary>
public sealed class ReferenceExpression : IValueProvider, IManifestExpressionProvider
{
    private readonly IReadOnlyList<Part> parts;

    private ReferenceExpression(IReadOnlyList<Part> parts) => this.parts = parts;

    internal IReadOnlyList<Part> Parts => parts;

    public string ValueExpression => string.Concat(parts.Select(part => part.Text ?? part.Value!.Expression));

    public static ReferenceExpression Create(in ExpressionInterpolatedStringHandler handler) => handler.Build();

    public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default)
    {
        var text = new StringBuilder();
        foreach (var part in parts)
        {
            text.Append(part.Text ?? await part.Value!.Provider.GetValueAsync(cancellationToken));
        }
        return text.ToString();
    }

    /// <summary>Either literal text or a value.</summary>
    internal sealed record Part(string? Text, Placeholder? Value);

    internal sealed record Placeholder(IValueProvider Provider, string Expression);

    /// <summary>Keeps the values of an interpolated string instead of turning them into text at once.</summary>
    [InterpolatedStringHandler]
    public readonly ref struct ExpressionInterpolatedStringHandler
    {
        private readonly List<Part> parts;

        public ExpressionInterpolatedStringHandler(int literalLength, int formattedCount) => parts = new List<Part>((2 * formattedCount) + 1);

        public readonly void AppendLiteral(string value) => parts.Add(new Part(value, null));

        public readonly void AppendFormatted(string? value) => parts.Add(new Part(value ?? "", null));

        public readonly void AppendFormatted<T>(T valueProvider)
            where T : IValueProvider, IManifestExpressionProvider =>
            parts.Add(new Part(null, new Placeholder(valueProvider, valueProvider.ValueExpression)));

        public readonly void AppendFormatted<T>(IResourceBuilder<T> valueProvider)
            where T : IResource, IValueProvider, IManifestExpressionProvider =>
            AppendFormatted(valueProvider.Resource);

        internal readonly ReferenceExpression Build() => new(parts);
    }
}
