using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;

namespace FlowPlatform.Tests.Runtime.Parking;

/// <summary>The whole story on a real process, through HTTP alone: poison one key, the others flow, kill it, mend it, redrive.</summary>
public sealed class ParkingProcessTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly TemporaryDirectory directory = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task A_key_is_poisoned_the_others_flow_and_after_the_mend_a_redrive_gives_the_clean_fold()
    {
        var poison = Path.Combine(directory.Path, "poison");
        await File.WriteAllTextAsync(poison, "BAD-1\nBAD-2\n", Cancel);
        await using (var service = await StartAsync(poison))
        {
            await PassAsync(service, "AB-1", 1);
            await PassAsync(service, "BAD-1", 1);
            await PassAsync(service, "BAD-2", 1);
            await PassAsync(service, "BAD-1", 2);
            await PassAsync(service, "AB-1", 2);
            await Eventually.ThatAsync("others flow", async () => await TollsAsync(service) is ["AB-1:2:12"], Patience);
            await Eventually.ThatAsync("three wait", async () => (await ParkedAsync(service)).Sum(key => (long)key!["events"]!) == 3, Patience);
            (await service.Client.GetStringAsync("/health", Cancel)).ShouldContain("Degraded");
            await RefusedAsync(service);
            await service.KillAsync();
        }

        await using var again = await StartAsync(poison);
        await PassAsync(again, "BAD-1", 3);
        await PassAsync(again, "CD-2", 1);
        await Eventually.ThatAsync("it waits behind the others", async () => (await QueueAsync(again, "BAD-1")).Count == 3, Patience);
        var queue = await QueueAsync(again, "BAD-1");
        queue.Select(parked => (string)parked!["data"]!).ShouldBe(["{\"plate\":\"BAD-1\",\"number\":1}", "{\"plate\":\"BAD-1\",\"number\":2}", "{\"plate\":\"BAD-1\",\"number\":3}"]);

        // Not mended yet: it stays parked.
        await AskAsync(again, "redrive", new { consumer = "tolls-by-plate" });
        await Eventually.ThatAsync("it failed again", async () => (await ParkedAsync(again)).All(key => (int)key!["failures"]! == 2 && (string)key["state"]! == "parked"), Patience);

        File.Delete(poison);
        var partition = (int)(await ParkedAsync(again)).Single(key => (string)key!["key"]! == "BAD-2")!["partition"]!;
        await AskAsync(again, "discard", new { consumer = "tolls-by-plate", stream = "tolls", partition, key = "BAD-2", reason = "A test drive." });
        await Eventually.ThatAsync("BAD-2 is free", async () => (await ParkedAsync(again)).Count == 1, Patience);
        await AskAsync(again, "redrive", new { consumer = "tolls-by-plate" });
        await Eventually.ThatAsync("nothing is parked", async () => (await ParkedAsync(again)).Count == 0, Patience);
        await PassAsync(again, "BAD-1", 4);
        await PassAsync(again, "BAD-2", 2);
        await Eventually.ThatAsync("the state is that of the clean fold", async () => await TollsAsync(again) is ["AB-1:2:12", "BAD-1:4:1234", "BAD-2:1:2", "CD-2:1:1"], Patience);
        (await again.Client.GetStringAsync("/health", Cancel)).ShouldNotContain("Degraded");
        var audit = (await again.Client.GetFromJsonAsync<JsonNode>("/flow/audit?consumer=tolls-by-plate", Cancel))!["entries"]!.AsArray();
        audit.Where(entry => (string)entry!["actor"]! != "ann").ShouldBeEmpty();
        audit.Single(entry => (string)entry!["action"]! == "discarded")!["reason"]!.ToString().ShouldBe("A test drive.");
    }

    private static async Task RefusedAsync(TollProcess service)
    {
        using var stranger = new HttpClient { BaseAddress = service.Client.BaseAddress };
        (await stranger.GetAsync("/flow/parked", Cancel)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await stranger.PostAsJsonAsync("/flow/discard", new { consumer = "tolls-by-plate" }, Cancel)).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        (await AnswerAsync(service, "redrive", new { consumer = "tolls" })).ShouldContain("has no consumer 'tolls'; it has tolls-by-plate.");
        (await AnswerAsync(service, "redrive", new { consumer = "tolls-by-plate", key = "BAD-1" })).ShouldContain("A key is named with its stream and partition.");
        (await AnswerAsync(service, "discard", new { consumer = "tolls-by-plate", stream = "tolls", partition = 0, key = "AB-1" })).ShouldContain("Nothing of that is parked.");
        (await service.Client.GetAsync("/flow/parked?after=nowhere", Cancel)).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var page = (await service.Client.GetFromJsonAsync<JsonNode>("/flow/parked?limit=1", Cancel))!;
        var next = (await service.Client.GetFromJsonAsync<JsonNode>($"/flow/parked?limit=1&after={Uri.EscapeDataString((string)page["next"]!)}", Cancel))!;
        next["keys"]!.AsArray().ShouldHaveSingleItem()!["key"]!.ToString().ShouldNotBe(page["keys"]![0]!["key"]!.ToString());
    }

    private static async Task AskAsync(TollProcess service, string verb, object body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/flow/{verb}") { Content = JsonContent.Create(body), Headers = { { "X-Flow-Actor", "ann" } } };
        using var answer = await service.Client.SendAsync(request, Cancel);
        answer.StatusCode.ShouldBe(HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync(Cancel));
        answer.Headers.Location.ShouldNotBeNull();
    }

    private static async Task<string> AnswerAsync(TollProcess service, string verb, object body)
    {
        using var answer = await service.Client.PostAsJsonAsync($"/flow/{verb}", body, Cancel);
        ((int)answer.StatusCode).ShouldBeInRange(400, 499);
        return (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancel))!["detail"]!.ToString();
    }

    private static async Task PassAsync(TollProcess service, string plate, int number)
    {
        using var answer = await service.Client.PostAsJsonAsync("/passages", new { plate, number }, Cancel);
        answer.EnsureSuccessStatusCode();
    }

    private static async Task<string[]> TollsAsync(TollProcess service) => (await service.Client.GetFromJsonAsync<string[]>("/tolls", Cancel))!;

    private static async Task<JsonArray> ParkedAsync(TollProcess service) => (await service.Client.GetFromJsonAsync<JsonNode>("/flow/parked", Cancel))!["keys"]!.AsArray();

    private static async Task<JsonArray> QueueAsync(TollProcess service, string key)
    {
        var partition = (await ParkedAsync(service)).Single(parked => (string)parked!["key"]! == key)!["partition"];
        return (await service.Client.GetFromJsonAsync<JsonNode>($"/flow/parked/tolls-by-plate/tolls/{partition}/{key}", Cancel))!["events"]!.AsArray();
    }

    private Task<TollProcess> StartAsync(string poison) => TollProcess.StartAsync(directory.Path, poison, Cancel);
}
