using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Contracts;
using Contracts.Http;
using FlowPlatform.Events;
using Payments;

namespace Services.Tests.Payments;

public sealed class PaymentsHttpTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2010, 12, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly AdjustLedger BadDebt = new("A563186", Noon, -11062.06m, "Adjust bad debt");
    private FlowTest? flow;

    private FlowTest Flow => flow!;

    private HttpClient Client => Flow.Client;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => flow = await FlowTest.StartAsync(PaymentsApp.Build);

    public async ValueTask DisposeAsync() => await Flow.DisposeAsync();

    [Fact]
    public async Task Signed_adjustments_add_up_exactly_and_are_emitted()
    {
        for (var number = 1; number <= 100; number++)
        {
            using var answer = await PostAsync(BadDebt with { AdjustmentId = $"A{number}", Amount = number % 3 == 0 ? -0.1m : 0.0003m });
            answer.StatusCode.ShouldBe(HttpStatusCode.Accepted);
        }

        using var debt = await PostAsync(BadDebt);
        (await GetAsync<Accepted>(debt.Headers.Location!.OriginalString)).ShouldBe(await ReadAsync<Accepted>(debt));
        (await GetAsync<Ledger>("/ledger")).ShouldBe(new Ledger(0, 0, 0, -11062.06m - 3.3m + 0.0201m, 0, 0, 0, 0, 101));
        await Flow.SettledAsync();
        var adjusted = Flow.Emitted<LedgerAdjusted>();
        adjusted.Count.ShouldBe(101);
        var emitted = adjusted.Single(item => item.Envelope.Key == "A563186");
        emitted.Event.ShouldBe(new LedgerAdjusted("A563186", -11062.06m, "Adjust bad debt"));
        emitted.Time.ShouldBe(Noon);
    }

    [Fact]
    public async Task The_same_adjustment_again_changes_nothing_and_another_under_its_id_is_a_conflict()
    {
        using var first = await PostAsync(BadDebt);
        using var again = await PostAsync(BadDebt with { Amount = -11062.0600m, AdjustedAt = Noon.ToOffset(TimeSpan.FromHours(-5)) });
        again.StatusCode.ShouldBe(HttpStatusCode.OK);
        (await ReadAsync<Accepted>(again)).ShouldBe(await ReadAsync<Accepted>(first));
        using var other = await PostAsync(BadDebt with { Amount = 11062.06m });
        other.StatusCode.ShouldBe(HttpStatusCode.Conflict);
        other.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
        (await GetAsync<Ledger>("/ledger")).AdjustmentCount.ShouldBe(1);
    }

    [Fact]
    public async Task Every_fault_of_an_adjustment_is_named()
    {
        using var answer = await PostAsync(new AdjustLedger(new string('A', 101), default, 0.00001m, ""));
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var problem = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync(Cancellation));
        problem.RootElement.GetProperty("errors").EnumerateObject().Select(error => error.Name)
            .ShouldBe(["adjustmentId", "adjustedAt", "amount", "description"], ignoreOrder: true);
        using var huge = await PostAsync(BadDebt with { Amount = decimal.MaxValue });
        huge.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        using var nothing = await PostAsync(BadDebt with { Amount = 0 });
        nothing.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task A_payment_is_pending_until_the_gateway_has_answered()
    {
        using var unknown = await Client.GetAsync("/payments/1", Cancellation);
        unknown.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        await Flow.GivenAsync(new StockReserved("1", null, "EIRE", 18.695m, 6, []), Noon);
        await Eventually.ThatAsync("the payment is known", async () =>
        {
            using var answer = await Client.GetAsync("/payments/1", Cancellation);
            return answer.IsSuccessStatusCode;
        });
        (await GetAsync<PaymentView>("/payments/1")).ShouldBe(new PaymentView("1", "pending", 18.695m));
    }

    private Task<HttpResponseMessage> PostAsync(AdjustLedger body) => Client.PostAsJsonAsync("/ledger/adjustments", body, FlowJson.Options, Cancellation);

    private async Task<T> GetAsync<T>(string path) => (await Client.GetFromJsonAsync<T>(path, FlowJson.Options, Cancellation))!;

    private static async Task<T> ReadAsync<T>(HttpResponseMessage answer) => (await answer.Content.ReadFromJsonAsync<T>(FlowJson.Options, Cancellation))!;
}
