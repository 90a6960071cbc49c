using System.Text.Json;
using System.Text.Json.Nodes;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.OpenApi;

namespace ServiceDefaults.Api;

/// <summary>Makes <c>/openapi/v1.json</c>: examples, headers and the admin key, which the framework doesn't know of; the same text on every machine.</summary>
internal static class ApiDocument
{
    private const string AdminScheme = "adminKey";

    private const string Conventions =
        """
        Amounts are decimal strings and exact. Times are ISO 8601 with an offset. Unknown and repeated fields of a body are refused. A write names itself by an id: the same id with the
        same body is answered 200 with the first result, with another body 409; so whatever was not answered can be sent again. Faults are problem details (RFC 9457), and `errors` names
        each field at fault; 429 and 503 carry Retry-After.
        """;

    public static void AddApiDocument(this IServiceCollection services) => services.AddOpenApi(api =>
    {
        api.AddSchemaTransformer(static (schema, context, _) =>
        {
            ApiSchemas.Complete(schema, context);
            return Task.CompletedTask;
        });
        api.AddOperationTransformer(static (operation, context, _) =>
        {
            Complete(operation, context);
            return Task.CompletedTask;
        });
        api.AddDocumentTransformer(static (document, context, _) =>
        {
            document.Info.Title = context.ApplicationServices.GetService<FlowDefinition>()?.Service
                ?? context.ApplicationServices.GetRequiredService<IHostEnvironment>().ApplicationName.ToLowerInvariant();
            document.Info.Version = "v1";
            document.Info.Description = Conventions.ReplaceLineEndings(" ");
            // The address is where the document came from; written down it would be another one at every start.
            document.Servers = [];
            ApiSchemas.OpenAnswers(document);
            return Task.CompletedTask;
        });
    });

    private static void Complete(OpenApiOperation operation, OpenApiOperationTransformerContext context)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        foreach (var example in metadata.OfType<ApiExample>().Concat(metadata.OfType<CommonFault>().Select(common => common.Example)))
        {
            Add(operation, example);
        }

        if (metadata.OfType<AdminKey.Guarded>().Any())
        {
            var document = context.Document!;
            document.AddComponent(AdminScheme, new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey, In = ParameterLocation.Header, Name = AdminKey.Header, Description = "The operator's key (FLOW_ADMIN_KEY of the service).",
            });
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(AdminScheme, document)] = [] }];
        }

        AddHeader(operation, StatusCodes.Status202Accepted, "Location", "Where what was accepted is found.", JsonSchemaType.String);
        AddHeader(operation, StatusCodes.Status429TooManyRequests, "Retry-After", "Seconds after which to send the same again.", JsonSchemaType.Integer);
        if (!metadata.OfType<Unlimited>().Any())
        {
            AddHeader(operation, StatusCodes.Status503ServiceUnavailable, "Retry-After", "Seconds after which to send the same again.", JsonSchemaType.Integer);
        }
    }

    private static void Add(OpenApiOperation operation, ApiExample example)
    {
        foreach (var media in operation.Responses?.GetValueOrDefault(Key(example.Status))?.Content?.Values ?? [])
        {
            (media.Examples ??= new Dictionary<string, IOpenApiExample>())[example.Name] = new OpenApiExample { Value = ToNode(example.Answer) };
        }

        foreach (var media in example.Body is null ? [] : operation.RequestBody?.Content?.Values ?? [])
        {
            (media.Examples ??= new Dictionary<string, IOpenApiExample>())[example.Name] = new OpenApiExample { Value = ToNode(example.Body) };
        }

        foreach (var (name, value) in example.Parameters)
        {
            if (operation.Parameters?.FirstOrDefault(parameter => parameter.Name == name) is not OpenApiParameter parameter)
            {
                throw new InvalidOperationException($"Operation '{operation.OperationId}' has no parameter '{name}', of which example '{example.Name}' gives a value.");
            }

            (parameter.Examples ??= new Dictionary<string, IOpenApiExample>())[example.Name] = new OpenApiExample { Value = JsonValue.Create(value) };
        }
    }

    private static void AddHeader(OpenApiOperation operation, int status, string name, string description, JsonSchemaType type)
    {
        if (operation.Responses?.GetValueOrDefault(Key(status)) is OpenApiResponse response)
        {
            (response.Headers ??= new Dictionary<string, IOpenApiHeader>())[name] = new OpenApiHeader { Description = description, Schema = new OpenApiSchema { Type = type } };
        }
    }

    private static string Key(int status) => status.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private static JsonNode? ToNode(object? value) => value is null ? null : JsonSerializer.SerializeToNode(value, value.GetType(), FlowJson.Options);
}
