using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using FlowPlatform.Stores;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using ServiceDefaults;

namespace Services.Tests.Defaults;

public sealed class ProblemTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_answer_names_every_fault()
    {
        await using var service = await StartAsync();

        var (status, problem) = await PostAsync(service, """{"id":"","lines":[{"quantity":0,"price":"1.50"}]}""");

        status.ShouldBe(HttpStatusCode.BadRequest);
        problem.GetProperty("errors").GetProperty("id")[0].GetString().ShouldBe("An order has an id.");
        problem.GetProperty("errors").GetProperty("lines[0].quantity")[0].GetString().ShouldBe("At least 1.");
        problem.GetProperty("status").GetInt32().ShouldBe(400);
    }

    [Theory]
    [InlineData("""{"id":"1","lines":[{"quantity":"many","price":1}]}""", "lines[0].quantity", "a number")]
    [InlineData("""{"id":"1","lines":[{"quantity":1.5,"price":1}]}""", "lines[0].quantity", "bounds")]
    [InlineData("""{"id":"1","lines":[7]}""", "lines[0]", "form")]
    [InlineData("""{"id":"1","lines":[{"quantity":1,"price":"cheap"}]}""", "lines[0].price", "An amount is a decimal number")]
    [InlineData("""{"id":"1","lines":{}}""", "lines", "a list")]
    [InlineData("""{"id":7,"lines":[]}""", "id", "a string")]
    [InlineData("""{"id":"1",""", "body", "")]
    public async Task A_fault_in_the_json_is_named_by_its_path(string body, string field, string message)
    {
        await using var service = await StartAsync();

        var (status, problem) = await PostAsync(service, body);

        status.ShouldBe(HttpStatusCode.BadRequest);
        var errors = problem.GetProperty("errors").EnumerateObject().ToDictionary(error => error.Name, error => error.Value[0].GetString()!);
        errors.ShouldContainKey(field, string.Join(", ", errors.Keys));
        errors[field].ShouldContain(message);
        errors[field].ShouldNotContain("System.");
    }

    [Fact]
    public async Task A_query_parameter_of_the_wrong_kind_is_named()
    {
        await using var service = await StartAsync();

        using var answer = await service.Client.GetAsync("/orders?limit=few", Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        (await ReadAsync(answer)).GetProperty("errors").TryGetProperty("limit", out _).ShouldBeTrue();
    }

    [Theory]
    [InlineData("GET", "/nothing", 404)]
    [InlineData("PUT", "/orders", 405)]
    [InlineData("GET", "/conflict", 409)]
    public async Task Every_refusal_is_problem_details(string method, string path, int status)
    {
        await using var service = await StartAsync();
        using var request = new HttpRequestMessage(new HttpMethod(method), path);

        using var answer = await service.Client.SendAsync(request, Cancel);

        ((int)answer.StatusCode).ShouldBe(status);
        (await ReadAsync(answer)).GetProperty("status").GetInt32().ShouldBe(status);
    }

    [Fact]
    public async Task A_busy_store_asks_to_come_back()
    {
        await using var service = await StartAsync();

        using var answer = await service.Client.GetAsync("/busy", Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        answer.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        (await ReadAsync(answer)).GetProperty("detail").GetString()!.ShouldContain("1,000");
    }

    [Fact]
    public async Task A_fault_of_our_own_says_nothing_of_its_inside()
    {
        await using var service = await StartAsync();

        using var answer = await service.Client.GetAsync("/fails", Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.InternalServerError);
        (await ReadAsync(answer)).GetRawText().ShouldNotContain("secret");
    }

    [Fact]
    public async Task A_body_over_the_limit_is_refused()
    {
        await using var service = await StartAsync(new() { ["FLOW_MAX_REQUEST_BODY"] = "100" });

        var (status, problem) = await PostAsync(service, $$"""{"id":"{{new string('x', 200)}}","lines":[]}""");

        status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        problem.GetProperty("status").GetInt32().ShouldBe(413);
    }

    [Fact]
    public async Task Amounts_are_strings_and_nulls_are_left_out()
    {
        await using var service = await StartAsync();

        var text = await service.Client.GetStringAsync("/amount", Cancel);

        text.ShouldBe("""{"amount":"12.50"}""");
    }

    private static Task<TestService> StartAsync(Dictionary<string, string?>? settings = null) => TestService.StartAsync(
        app =>
        {
            app.MapPost("/orders", IResult (Order order) =>
            {
                var faults = new Faults();
                faults.Require(order.Id.Length > 0, "id", "An order has an id.");
                for (var index = 0; index < order.Lines.Count; index++)
                {
                    faults.Require(order.Lines[index].Quantity >= 1, $"lines[{index}].quantity", "At least 1.");
                }

                return faults.Any ? faults.ToProblem() : TypedResults.Ok();
            });
            app.MapGet("/orders", (int limit) => limit);
            app.MapGet("/conflict", () => Problems.Conflict("Another body came with this id."));
            app.MapGet("/busy", IResult () => throw new StoreBusyException("1,000 units of work are waiting for the store."));
            app.MapGet("/fails", IResult () => throw new InvalidOperationException("secret"));
            app.MapGet("/amount", () => new { Amount = 12.50m, Nothing = (string?)null });
        },
        settings);

    private static async Task<(HttpStatusCode Status, JsonElement Problem)> PostAsync(TestService service, string body)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await service.Client.PostAsync("/orders", content, Cancel);
        return (answer.StatusCode, await ReadAsync(answer));
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer)
    {
        answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }

    private sealed record Order(string Id, IReadOnlyList<Line> Lines);

    private sealed record Line(int Quantity, decimal Price);
}
