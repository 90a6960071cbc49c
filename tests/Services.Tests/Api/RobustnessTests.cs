using System.Text;
using System.Text.Json.Nodes;

namespace Services.Tests.Api;

/// <summary>Whatever is sent, the answer is problem details that name the fault; never 500.</summary>
public sealed class RobustnessTests
{
    private static readonly string Deep = string.Concat(Enumerable.Repeat("[", 100)) + string.Concat(Enumerable.Repeat("]", 100));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string> Services => ApiService.Names;

    [Theory]
    [MemberData(nameof(Services))]
    public async Task A_body_that_is_none_is_named(string name)
    {
        await using var service = await ApiService.StartAsync(name);
        foreach (var operation in ApiOperation.In(await service.DocumentAsync()).Where(operation => operation.HasBody && !operation.IsAdmin))
        {
            var good = HostileBody.Good(operation);
            var whole = HostileBody.Bytes(good.Body!);
            foreach (var body in new[] { whole[..^2], [], Utf8("null"), Utf8("7"), Utf8("\"text\""), Utf8("{"), Utf8("<xml/>"), Utf8(Deep), [0xFF, 0xFE], [.. whole, .. whole] })
            {
                await RefusedAsync(service, operation, good, 400, body);
            }

            foreach (var type in new[] { "text/plain", "application/xml", "" })
            {
                await RefusedAsync(service, operation, good, 415, whole, type);
            }

            var unknown = await RefusedAsync(service, operation, good, 400, HostileBody.WithMember(good.Body!, twice: false));
            unknown["errors"]!.AsObject().ShouldHaveSingleItem().Key.ShouldEndWith("unheardOf");
            await RefusedAsync(service, operation, good, 400, HostileBody.WithMember(good.Body!, twice: true));
        }
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task A_value_of_the_wrong_kind_is_named_by_its_field(string name)
    {
        await using var service = await ApiService.StartAsync(name);
        foreach (var operation in ApiOperation.In(await service.DocumentAsync()).Where(operation => operation.HasBody && !operation.IsAdmin))
        {
            var good = HostileBody.Good(operation);
            var leaves = HostileBody.Leaves(good.Body).ToList();
            for (var leaf = 0; leaf < leaves.Count; leaf++)
            {
                var field = leaves[leaf].Name;
                var hostile = HostileBody.IsNumber(leaves[leaf].Parent[field]) ? HostileBody.Numbers : HostileBody.IsAmount(leaves[leaf]) ? HostileBody.Amounts : HostileBody.Texts;
                foreach (var raw in hostile)
                {
                    await NamesAsync(service, operation, good, HostileBody.Replace(good.Body!, leaf, raw), field, raw);
                }

                await NamesAsync(service, operation, good, HostileBody.WithoutUtf8(good.Body!, leaf), field, "no UTF-8");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Services))]
    public async Task A_path_or_a_query_that_fits_nothing_is_named(string name)
    {
        await using var service = await ApiService.StartAsync(name);
        foreach (var operation in ApiOperation.In(await service.DocumentAsync()).Where(operation => !operation.IsAdmin))
        {
            var good = HostileBody.Good(operation);
            foreach (var (parameter, place) in operation.Parameters)
            {
                // A key in a header decides whether the gateway breaks the connection: FuzzTests sends all kinds.
                foreach (var value in place == "header" ? [] : new[] { "-1", "NaN", "99999999999999999999", "1.5", "0x1", "☃", "' OR 1=1 --", "..", new string('x', 300), "\u0007", "null", "{}" })
                {
                    var asked = good with { Parameters = [.. good.Parameters.Where(other => other.Name != parameter), (parameter, place, value)] };
                    using var answer = await service.Client.SendAsync(operation.Request(asked), Cancellation);
                    ((int)answer.StatusCode).ShouldBeLessThan(500, $"{operation} {parameter}={value}");
                    await ProblemOrSuccessAsync(answer, $"{operation} {parameter}={value}");
                    if (parameter is "limit" or "status" or "by" or "from" or "to")
                    {
                        ((int)answer.StatusCode).ShouldBe(400, $"{operation} {parameter}={value}");
                    }
                }
            }

            using var wrong = new HttpRequestMessage(HttpMethod.Patch, operation.Request(good).RequestUri);
            await ProblemAsync(await service.Client.SendAsync(wrong, Cancellation), 405, $"PATCH {operation.Path}");
            using var endless = new HttpRequestMessage(new HttpMethod(operation.Method), $"{operation.Path}?x={new string('x', 5_000)}");
            await ProblemAsync(await service.Client.SendAsync(endless, Cancellation), 414, $"{operation} with 5,000 characters");
        }

        await ProblemAsync(await service.Client.GetAsync(new Uri("/nothing/here", UriKind.Relative), Cancellation), 404, "an unknown path");
        await ProblemAsync(await service.Client.GetAsync(new Uri($"/{new string('p', 5_000)}", UriKind.Relative), Cancellation), 414, "a path of 5,000 characters");
    }

    internal static async Task ProblemOrSuccessAsync(HttpResponseMessage answer, string what)
    {
        if (!answer.IsSuccessStatusCode)
        {
            await ProblemAsync(answer, (int)answer.StatusCode, what);
        }
    }

    private static async Task NamesAsync(ApiService service, ApiOperation operation, ApiExchange good, byte[] body, string field, string raw)
    {
        var problem = await RefusedAsync(service, operation, good, operation.Id == "placeOrders" && !IsUnreadable(raw) ? null : 400, body);
        // Broken JSON has no fields; and an item of a batch has an outcome of its own.
        if (problem["errors"] is JsonObject errors && raw is not ("NaN" or "0x10" or "01"))
        {
            errors.ShouldContain(error => error.Key.EndsWith(field, StringComparison.Ordinal), $"{operation} {field}={raw}: {problem.ToJsonString()}");
        }
    }

    private static bool IsUnreadable(string raw) => raw[0] != '"' || raw.Contains("ud800", StringComparison.Ordinal) || raw == "no UTF-8";

    /// <param name="service">The service.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="good">An exchange that succeeds.</param>
    /// <param name="status">What must be answered; null: no fault of ours, whatever it is.</param>
    /// <param name="body">What is sent instead.</param>
    /// <param name="contentType">How it is called.</param>
    private static async Task<JsonNode> RefusedAsync(
        ApiService service, ApiOperation operation, ApiExchange good, int? status, byte[] body, string contentType = "application/json")
    {
        var what = $"{operation} with {contentType} {Encoding.Latin1.GetString(body.AsSpan(0, Math.Min(body.Length, 400)))}";
        var answer = await service.Client.SendAsync(operation.Request(good, body, contentType), Cancellation);
        if (status is { } expected)
        {
            return await ProblemAsync(answer, expected, what);
        }

        using (answer)
        {
            ((int)answer.StatusCode).ShouldBeLessThan(500, what);
            return JsonNode.Parse(await answer.Content.ReadAsStringAsync(Cancellation))!;
        }
    }

    private static async Task<JsonNode> ProblemAsync(HttpResponseMessage answer, int status, string what)
    {
        using (answer)
        {
            var text = await answer.Content.ReadAsStringAsync(Cancellation);
            ((int)answer.StatusCode).ShouldBe(status, $"{what}: {text}");
            answer.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json", $"{what}: {text}");
            var problem = JsonNode.Parse(text)!;
            ((int)problem["status"]!).ShouldBe(status);
            ((string?)problem["detail"]).ShouldNotBeNullOrWhiteSpace($"{what}: {text}");
            text.ShouldNotContain("System.", customMessage: what);
            text.ShouldNotContain("Contracts.", customMessage: what);
            return problem;
        }
    }

    private static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}
