using Microsoft.OpenApi;

namespace PictureService.Http;

/// <summary>What endpoints take, as the OpenAPI document says it.</summary>
internal static class Described
{
    /// <summary>Takes a parameter of the address's query, of a type of JSON.</summary>
    public static RouteHandlerBuilder Takes(
        this RouteHandlerBuilder endpoint,
        string name,
        string type,
        string description
    ) => endpoint.Has(Parameter(name, ParameterLocation.Query, Enum.Parse<JsonSchemaType>(type, true), description));

    /// <summary>Takes an item's id in the address.</summary>
    public static RouteHandlerBuilder TakesId(this RouteHandlerBuilder endpoint) =>
        endpoint
            .ProducesProblem(404)
            .Has(Parameter("id", ParameterLocation.Path, JsonSchemaType.String, "The item's id, escaped."));

    /// <summary>Takes a picture, and refuses what is none.</summary>
    public static RouteHandlerBuilder TakesPicture(this RouteHandlerBuilder endpoint)
    {
        foreach (var status in new[] { 400, 413, 415, 422 })
            endpoint.ProducesProblem(status);
        return endpoint.AddOpenApiOperationTransformer(
            (operation, _, _) =>
            {
                operation.RequestBody = PictureBody();
                return Task.CompletedTask;
            }
        );
    }

    private static RouteHandlerBuilder Has(this RouteHandlerBuilder endpoint, OpenApiParameter parameter) =>
        endpoint.AddOpenApiOperationTransformer(
            (operation, _, _) =>
            {
                (operation.Parameters ??= []).Add(parameter);
                return Task.CompletedTask;
            }
        );

    private static OpenApiParameter Parameter(
        string name,
        ParameterLocation place,
        JsonSchemaType type,
        string description
    ) =>
        new()
        {
            Name = name,
            In = place,
            Required = place == ParameterLocation.Path,
            Description = description,
            Schema = new OpenApiSchema { Type = type },
        };

    private static OpenApiRequestBody PictureBody()
    {
        var file = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" };
        var form = new OpenApiSchema
        {
            Type = JsonSchemaType.Object,
            Properties = new Dictionary<string, IOpenApiSchema> { ["picture"] = file },
        };
        return new()
        {
            Required = true,
            Description = "A picture: PNG, JPEG, WebP, BMP or GIF.",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["image/*"] = new() { Schema = file },
                ["application/octet-stream"] = new() { Schema = file },
                ["multipart/form-data"] = new() { Schema = form },
            },
        };
    }
}
