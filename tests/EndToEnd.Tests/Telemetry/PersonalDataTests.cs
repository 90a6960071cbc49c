using System.Net;
using System.Net.Http.Json;
using System.Text;
using FlowPlatform.Tests.Support.Otlp;

namespace FlowPlatform.EndToEnd.Tests.Telemetry;

/// <summary>What identifies a person goes through every API of the real system that takes it, in good requests and in bad ones, and is looked for in all that is exported and logged.</summary>
public sealed class PersonalDataTests
{
    /// <summary>More is logged than by default, as somebody who looks for a fault would have it.</summary>
    private static readonly Dictionary<string, string?> Chatty = new()
    {
        ["Logging__LogLevel__Default"] = "Debug", ["Logging__LogLevel__Microsoft"] = "Information", ["Logging__LogLevel__System"] = "Information", ["Logging__LogLevel__MassTransit"] = "Information",
    };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Personal_data_is_never_in_spans_metrics_or_logs()
    {
        using var folder = new TemporaryDirectory();
        var person = $"person{Guid.NewGuid():N}";
        await using var receiver = await OtlpReceiver.StartAsync();
        var environment = receiver.Settings(grpc: false);
        foreach (var (name, value) in Chatty)
        {
            environment[name] = value;
        }

        await using var host = await AppHostProcess.StartAsync(Path.Combine(folder.Path, "data"), environment, "--rate", "2/s");
        var urls = await host.UrlsAsync();
        using (var http = new HttpClient())
        {
            await SendAsync(http, urls, person);
            await host.UntilAsync("the person's order is shipped", async () => (await http.GetStringAsync(new Uri(urls["orders"], "orders/PERSON-1"), Token)).Contains("shipped", StringComparison.Ordinal));
            (await http.GetStringAsync(new Uri(urls["orders"], $"orders?customer={person}"), Token)).ShouldContain("PERSON-1");
        }

        await Eventually.ThatAsync("all that was done is exported", () => receiver.Spans.Any(span => span.Text("http.route") == "/orders" && span.Name == "GET /orders")
            && receiver.Spans.Any(span => span.Name == "POST /ledger/adjustments") && receiver.Logs.Count > 0 && receiver.Points.Count > 0);
        await AppHostProcess.SignalAsync("TERM", host.ProcessId);
        await host.ExitAsync(TimeSpan.FromMinutes(1));

        receiver.Faults.ShouldBeEmpty();
        receiver.Mentions(person).ShouldBeFalse($"A span, metric or log record holds it: {string.Join("; ", Where(receiver, person))}");
        host.Output.ShouldNotContain(person);
        foreach (var file in Directory.GetFiles(Path.Combine(host.Data, "logs"), "*", SearchOption.AllDirectories))
        {
            File.ReadAllText(file).ShouldNotContain(person, Case.Sensitive, Path.GetFileName(file));
        }
    }

    private static async Task SendAsync(HttpClient http, IReadOnlyDictionary<string, Uri> urls, string person)
    {
        var order = Order("PERSON-1", person);
        (await PostAsync("orders", "orders", order)).ShouldBe(HttpStatusCode.Accepted);
        (await PostAsync("orders", "orders", order)).ShouldBe(HttpStatusCode.OK);
        (await PostAsync("orders", "orders", Order("PERSON-1", $"{person}-2"))).ShouldBe(HttpStatusCode.Conflict);
        (await PostAsync("orders", "orders", Order("PERSON-2", person + new string('x', 64)))).ShouldBe(HttpStatusCode.BadRequest);
        (await PostAsync("orders", "orders", Order("PERSON-3", new { name = person }))).ShouldBe(HttpStatusCode.BadRequest);
        (await PostAsync("orders", "orders/batch", new[] { Order("PERSON-4", person), Order("PERSON-5", person + "\u0007") })).ShouldBe(HttpStatusCode.OK);
        (await PostAsync("orders", "orders/PERSON-4/cancel", new { requestedAt = "2010-12-01T09:00:00Z" })).ShouldBe(HttpStatusCode.Accepted);
        (await PostAsync("orders", "returns", new { returnId = "PERSON-C1", customerId = person, country = "EIRE", returnedAt = "2010-12-02T08:26:00Z", lines = Lines })).ShouldBe(HttpStatusCode.Accepted);
        (await PostAsync("payments", "ledger/adjustments", new { adjustmentId = "PERSON-A1", adjustedAt = "2010-12-02T08:26:00Z", amount = "-1.50", description = $"Bad debt of {person}" }))
            .ShouldBe(HttpStatusCode.Accepted);
        (await SendTextAsync($$"""{"orderId":"PERSON-6","customerId":"{{person}}","country":{{person}}}""")).ShouldBe(HttpStatusCode.BadRequest);
        (await SendTextAsync($$"""{"orderId":"PERSON-6","customerId":"{{person}}","{{person}}":1}""")).ShouldBe(HttpStatusCode.BadRequest);
        foreach (var query in (string[])[$"customer={person}", $"customer={person}&limit=many", $"customer={person}&status={person}"])
        {
            using var answer = await http.GetAsync(new Uri(urls["orders"], $"orders?{query}"), Token);
            ((int)answer.StatusCode).ShouldBeLessThan(500);
        }

        async Task<HttpStatusCode> PostAsync(string service, string path, object body)
        {
            using var answer = await http.PostAsJsonAsync(new Uri(urls[service], path), body, Token);
            return answer.StatusCode;
        }

        async Task<HttpStatusCode> SendTextAsync(string body)
        {
            using var content = new StringContent(body, Encoding.UTF8, "application/json");
            using var answer = await http.PostAsync(new Uri(urls["orders"], "orders"), content, Token);
            return answer.StatusCode;
        }
    }

    private static object[] Lines => [new { code = "85123A", quantity = 6, unitPrice = "2.55" }];

    private static object Order(string id, object customer) => new { orderId = id, customerId = customer, country = "United Kingdom", placedAt = "2010-12-01T08:26:00Z", lines = Lines };

    private static IEnumerable<string> Where(OtlpReceiver receiver, string person) =>
        receiver.Spans.Where(span => $"{span.Name}{span.StatusMessage}{string.Join(' ', span.Attributes)}".Contains(person, StringComparison.Ordinal)).Select(span => $"{span}: {string.Join(", ", span.Attributes.Where(tag => $"{tag.Value}".Contains(person, StringComparison.Ordinal)).Select(tag => tag.Key))}")
            .Concat(receiver.Logs.Where(log => $"{log.Body}{string.Join(' ', log.Attributes)}".Contains(person, StringComparison.Ordinal)).Select(log => $"{log.Service}: {log.Body}"))
            .Distinct().Take(10);
}
