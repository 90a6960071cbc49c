using System.Net;
using System.Text.Json.Nodes;
using FlowPlatform.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.OpenApi;
using ServiceDefaults;
using Services.Tests.Defaults;

namespace Services.Tests.Api;

/// <summary>Every service describes all that it answers, and what it describes is so.</summary>
public sealed class DocumentTests(PostgresFixture postgres)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Services => ApiService.Names;

    [Theory]
    [MemberData(nameof(Services))]
    public async Task The_document_is_valid_and_every_reference_resolves(string name)
    {
        await using var service = await ApiService.StartAsync(name);
        var text = await service.Client.GetStringAsync("/openapi/v1.json", Cancellation);
        var read = OpenApiDocument.Parse(text, "json");
        read.Diagnostic!.Errors.Select(error => error.ToString()).ShouldBeEmpty();
        read.Diagnostic.Warnings.Select(warning => warning.ToString()).ShouldBeEmpty();
        read.Document!.Info.Title.ShouldBe(name);
        var document = JsonNode.Parse(text)!;
        References(document).Where(reference => Resolve(document, reference) is null).ShouldBeEmpty();
        text.ShouldNotContain("127.0.0.1", customMessage: "the document is the same wherever it is served");
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task Every_operation_says_what_it_is_for_and_what_it_may_answer(string name)
    {
        await using var service = await ApiService.StartAsync(name);
        var operations = ApiOperation.In(await service.DocumentAsync());
        operations.Select(operation => operation.Id).ShouldBeUnique();
        foreach (var operation in operations)
        {
            ((string?)operation.Json["summary"]).ShouldNotBeNullOrWhiteSpace(operation.ToString());
            ((string?)operation.Json["description"]).ShouldNotBeNullOrWhiteSpace(operation.ToString());
            operation.Json["tags"]!.AsArray().Count.ShouldBe(1, operation.ToString());
            operation.Exchanges.ShouldNotBeEmpty(operation.ToString());
            foreach (var status in Expected(operation))
            {
                operation.Statuses.ShouldContain(status, operation.ToString());
            }

            foreach (var (status, response) in operation.Json["responses"]!.AsObject())
            {
                var (type, media) = response!["content"]!.AsObject().ShouldHaveSingleItem($"{operation} {status}");
                type.ShouldBe(status[0] is '4' or '5' && !operation.IsProbe ? "application/problem+json" : "application/json", $"{operation} {status}");
                media!["schema"].ShouldNotBeNull($"{operation} {status}");
                media["examples"]!.AsObject().Count.ShouldBeGreaterThan(0, $"{operation} {status}");
            }

            foreach (var status in operation.IsProbe ? [] : new[] { "429", "503" })
            {
                operation.Json["responses"]![status]!["headers"]!["Retry-After"].ShouldNotBeNull($"{operation} {status}");
            }
        }
    }

    /// <summary>On files; and on a database, but for the simulator, which has none.</summary>
    public static TheoryData<string, string> ServicesOnStores =>
        [.. ApiService.Names.Select(row => row.Data).SelectMany(name => (string[])["sqlite", "postgres"], (name, kind) => (name, kind)).Where(row => row is not ("simulator", "postgres"))];

    [Theory]
    [MemberData(nameof(ServicesOnStores))]
    public async Task Every_example_is_answered_as_it_is_described(string name, string kind)
    {
        await using var database = await postgres.CreateDatabaseAsync(kind);
        await using var service = await ApiService.StartAsync(name, database);
        await service.SeedAsync();
        // Writes first: what is read was written by them.
        foreach (var operation in ApiOperation.In(await service.DocumentAsync()).OrderBy(operation => operation.Method == "GET"))
        {
            foreach (var exchange in operation.Exchanges)
            {
                await AnswersAsDescribedAsync(service, operation, exchange);
            }
        }
    }

    [Fact]
    public async Task The_faults_that_all_endpoints_have_are_answered_as_they_are_described()
    {
        await using var service = await ApiService.StartAsync("orders", "--FLOW_CLIENT_RATE=100", "--FLOW_CLIENT_BURST=100");
        var operation = ApiOperation.In(await service.DocumentAsync()).Single(operation => operation.Id == "placeOrder");
        var good = HostileBody.Good(operation);
        // The answer comes before the body is sent; else a sender may see no more than a closed connection.
        using var large = operation.Request(good, new byte[(1024 * 1024) + 1]);
        large.Headers.ExpectContinue = true;
        await ShouldBeDescribedAsync(operation, 413, await service.Client.SendAsync(large, Cancellation));
        await ShouldBeDescribedAsync(operation, 415, await service.Client.SendAsync(operation.Request(good, HostileBody.Bytes(good.Body!), "text/plain"), Cancellation));
        var crowd = await Task.WhenAll(Enumerable.Range(0, 300).Select(_ => service.Client.SendAsync(operation.Request(good), Cancellation)));
        await ShouldBeDescribedAsync(operation, 429, crowd.First(answer => answer.StatusCode == HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task An_administrative_verb_shows_that_it_needs_the_key()
    {
        await using var service = await TestService.StartAsync(
            app => app.MapFlowAdmin().MapPost("/rebuild", () => "done").Describe("rebuild", "Admin", "Rebuild", "Builds anew.").Example("done", 200, answer: "done"),
            new() { ["FLOW_ADMIN_KEY"] = "k3y" });
        var document = JsonNode.Parse(await service.Client.GetStringAsync("/openapi/v1.json", Cancellation))!;
        var scheme = document["components"]!["securitySchemes"]!["adminKey"]!;
        ((string)scheme["type"]!, (string)scheme["in"]!, (string)scheme["name"]!).ShouldBe(("apiKey", "header", AdminKey.Header));
        var operations = ApiOperation.In(document);
        var verb = operations.Single(operation => operation.Id == "rebuild");
        verb.Json["security"]!.AsArray().ShouldHaveSingleItem()!.AsObject().ShouldHaveSingleItem().Key.ShouldBe("adminKey");
        operations.Where(operation => operation.Json["security"] is not null).ShouldHaveSingleItem();
        await ShouldBeDescribedAsync(verb, 401, await service.Client.PostAsync("/flow/rebuild", null, Cancellation));
        OpenApiDocument.Parse(document.ToJsonString(), "json").Diagnostic!.Errors.ShouldBeEmpty();
    }

    private static async Task ShouldBeDescribedAsync(ApiOperation operation, int status, HttpResponseMessage answer)
    {
        using (answer)
        {
            ((int)answer.StatusCode).ShouldBe(status);
            var described = operation.Json["responses"]![$"{status}"]!["content"]!["application/problem+json"]!["examples"]![$"status-{status}"]!["value"]!;
            Lasting(JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!).ToJsonString().ShouldBe(described.ToJsonString());
        }
    }

    private static async Task AnswersAsDescribedAsync(ApiService service, ApiOperation operation, ApiExchange exchange)
    {
        var last = "";
        try
        {
            await Eventually.ThatAsync("described", SendAsync, TimeSpan.FromSeconds(15));
        }
        catch (FlowTestException)
        {
            last.ShouldBe(exchange.Answer.ToJsonString(), $"{operation} '{exchange.Name}'");
        }

        async Task<bool> SendAsync()
        {
            using var answer = await SendOrBreakAsync(service, operation.Request(exchange));
            if (answer is null or { StatusCode: HttpStatusCode.ServiceUnavailable })
            {
                return false;
            }

            last = await answer.Content.ReadAsStringAsync(Cancellation);
            if ((int)answer.StatusCode != exchange.Status && operation.Method == "GET")
            {
                return false;
            }

            ((int)answer.StatusCode).ShouldBe(exchange.Status, $"{operation} '{exchange.Name}': {last}");
            (exchange.Status == 202).ShouldBe(answer.Headers.Location is not null, operation.ToString());
            var got = Lasting(JsonNode.Parse(last)!);
            if (operation.IsOfTheMoment)
            {
                got.AsObject().Select(member => member.Key).ShouldBe(exchange.Answer.AsObject().Select(member => member.Key), operation.ToString());
                return true;
            }

            var same = JsonNode.DeepEquals(got, Lasting(exchange.Answer.DeepClone()));
            // A projection may be a moment behind; a write may not.
            (same || operation.Method == "GET").ShouldBeTrue($"{operation} '{exchange.Name}' answers {last}, described is {exchange.Answer.ToJsonString()}");
            return same;
        }
    }

    /// <summary>The simulator's gateway breaks connections and refuses on purpose, and says: send it again with the same key.</summary>
    private static async Task<HttpResponseMessage?> SendOrBreakAsync(ApiService service, HttpRequestMessage request)
    {
        try
        {
            return await service.Client.SendAsync(request, Cancellation);
        }
        catch (HttpRequestException) when (service.Name == "simulator")
        {
            return null;
        }
    }

    private static List<string> Expected(ApiOperation operation)
    {
        if (operation.IsAdmin && operation.HasBody)
        {
            return ["400", "401", "409", "413", "415", "429", "503"];
        }

        List<string> statuses = operation.IsProbe ? ["200"] : ["200", "429", "503"];
        if (operation.HasBody)
        {
            statuses.AddRange(["400", "413", "415"]);
        }

        // A write has an id; that of a batch answers for each item. Whatever is asked for by a path may not be there; gateways are called by header.
        if (operation.HasBody && operation.Id != "placeOrders")
        {
            statuses.Add("409");
        }

        if (operation.HasBody && operation.Parameters.All(parameter => parameter.In != "header") && operation.Id != "placeOrders")
        {
            statuses.Add("202");
        }

        if (operation.Parameters.Any(parameter => parameter.In == "path"))
        {
            statuses.Add("404");
        }

        if (operation.Parameters.Any(parameter => parameter.In == "query"))
        {
            statuses.Add("400");
        }

        return statuses;
    }

    /// <summary>Without what is another one each time.</summary>
    private static JsonNode Lasting(JsonNode node)
    {
        if (node is JsonObject members)
        {
            members.Remove("acceptedAt");
            members.Remove("traceId");
        }

        return node;
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject members => members.SelectMany(member =>
            member.Key == "$ref" && member.Value is JsonValue reference ? [(string)reference!] : References(member.Value)),
        JsonArray items => items.SelectMany(References),
        _ => [],
    };

    private static JsonNode? Resolve(JsonNode document, string reference) => reference.StartsWith("#/", StringComparison.Ordinal)
        ? reference[2..].Split('/').Aggregate((JsonNode?)document, (node, name) => node?[name.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)])
        : null;
}
