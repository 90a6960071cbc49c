using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace ServiceDefaults.Api;

/// <summary>What the framework doesn't know about the JSON of the services: amounts are strings, what is null is left out, and only requests are closed to unknown fields.</summary>
internal static class ApiSchemas
{
    public static void Complete(OpenApiSchema schema, OpenApiSchemaTransformerContext context)
    {
        var type = context.JsonTypeInfo.Type;
        if ((Nullable.GetUnderlyingType(type) ?? type) == typeof(decimal))
        {
            schema.Type = JsonSchemaType.String | (type == typeof(decimal) ? 0 : JsonSchemaType.Null);
            schema.Format = "decimal";
            schema.Pattern = @"^-?[0-9]+(\.[0-9]+)?$";
        }

        schema.Required?.ExceptWith(context.JsonTypeInfo.Properties.Where(member => member.IsGetNullable).Select(member => member.Name));
    }

    /// <summary>An answer may get further fields without being another version; a client must not refuse them.</summary>
    public static void OpenAnswers(OpenApiDocument document)
    {
        var closed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var operation in document.Paths.Values.SelectMany(path => (IEnumerable<OpenApiOperation>?)path.Operations?.Values ?? []))
        {
            foreach (var media in operation.RequestBody?.Content?.Values ?? [])
            {
                Collect(media.Schema, closed);
            }
        }

        foreach (var (name, schema) in document.Components?.Schemas ?? new Dictionary<string, IOpenApiSchema>())
        {
            if (!closed.Contains(name) && schema is OpenApiSchema answer)
            {
                answer.AdditionalPropertiesAllowed = true;
            }
        }
    }

    private static void Collect(IOpenApiSchema? schema, HashSet<string> closed)
    {
        if (schema is null || (schema is OpenApiSchemaReference { Reference.Id: { } id } && !closed.Add(id)))
        {
            return;
        }

        Collect(schema.Items, closed);
        foreach (var member in schema.Properties?.Values ?? [])
        {
            Collect(member, closed);
        }
    }
}
