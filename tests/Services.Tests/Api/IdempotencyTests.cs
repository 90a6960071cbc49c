using System.Net;
using System.Net.Http.Json;
using Contracts;
using Contracts.Http;
using FlowPlatform.Events;
using ServiceDefaults;
using Services.Tests.Orders;

namespace Services.Tests.Api;

/// <summary>One rule for every write: the same id with the same body is one write, with another body a conflict.</summary>
public sealed class IdempotencyTests(PostgresFixture postgres)
{
    private static readonly AdjustStock Stock = new("G-1", Requests.Noon, [new StockQuantity("22139", 56)]);
    private static readonly AdjustLedger Debt = new("A-1", Requests.Noon, -10.50m, "Adjust bad debt");

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string> Writes
    {
        get
        {
            (string Service, string Path)[] writes =
                [("orders", "/orders"), ("orders", "/returns"), ("orders", "/orders/1/cancel"), ("inventory", "/stock/adjustments"), ("payments", "/ledger/adjustments")];
            return [.. from write in writes from kind in (string[])["sqlite", "postgres"] select (write.Service, write.Path, kind)];
        }
    }

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task Fifty_at_once_with_one_id_are_one_write(string name, string path, string kind)
    {
        await using var database = await postgres.CreateDatabaseAsync(kind);
        await using var service = await ApiService.StartAsync(name, database);
        await PlaceIfCancelledAsync(service, path);
        var (body, other, id) = Bodies(path);
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => PostAsync(service, path, body)));
        answers.Count(answer => answer.Status == HttpStatusCode.Accepted).ShouldBe(1);
        answers.Count(answer => answer.Status == HttpStatusCode.OK).ShouldBe(49);
        answers.Select(answer => answer.Text).Distinct().ShouldHaveSingleItem();
        var conflict = await PostAsync(service, path, other);
        conflict.Status.ShouldBe(HttpStatusCode.Conflict);
        conflict.Text.ShouldContain($"'{id}'");
        (await PostAsync(service, path, body)).ShouldBe((HttpStatusCode.OK, answers[0].Text));
    }

    [Fact]
    public void A_fingerprint_is_the_same_for_what_means_the_same_and_another_for_anything_else()
    {
        var print = Fingerprint.Of(Debt);
        Fingerprint.Of(Debt with { Amount = -10.5000m, AdjustedAt = Requests.Noon.ToOffset(TimeSpan.FromHours(5)) }).ShouldBe(print);
        AdjustLedger[] others =
            [Debt with { Amount = -10.51m }, Debt with { Amount = 10.50m }, Debt with { AdjustedAt = Requests.Noon.AddTicks(1) }, Debt with { Description = "Adjust bad debt." }, Debt with { AdjustmentId = "A-2" }];
        others.Select(other => Convert.ToHexString(Fingerprint.Of(other))).Append(Convert.ToHexString(print)).ShouldBeUnique();
    }

    [Fact]
    public async Task Of_what_was_accepted_before_fingerprints_were_kept_the_first_counts()
    {
        var now = Requests.Noon;
        var worked = 0;
        var decided = await Acceptance.DecideAsync(new Earlier(null, now), [1], now.AddHours(1), () => Task.FromResult(worked++));
        (decided, worked).ShouldBe((new Acceptance(Outcome.Duplicate, now), 0));
    }

    private static (object Body, object Other, string Id) Bodies(string path) => path switch
    {
        "/orders" => (Requests.Order(), Requests.Order(price: 3m), "536365"),
        "/returns" => (Requests.Return(), Requests.Return() with { Country = "EIRE" }, "C536379"),
        "/orders/1/cancel" => (new CancelOrder(Requests.Noon), new CancelOrder(Requests.Noon.AddSeconds(1)), "1"),
        "/stock/adjustments" => (Stock, Stock with { Lines = [new StockQuantity("22139", 57)] }, "G-1"),
        _ => (Debt, Debt with { Amount = 10.50m }, "A-1"),
    };

    private static async Task PlaceIfCancelledAsync(ApiService service, string path)
    {
        if (path == "/orders/1/cancel")
        {
            (await PostAsync(service, "/orders", Requests.Order("1"))).Status.ShouldBe(HttpStatusCode.Accepted);
        }
    }

    private static async Task<(HttpStatusCode Status, string Text)> PostAsync(ApiService service, string path, object body)
    {
        using var answer = await service.Client.PostAsync(path, JsonContent.Create(body, body.GetType(), options: FlowJson.Options), Cancellation);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancellation));
    }
}
