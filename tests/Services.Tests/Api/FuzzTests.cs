using System.Globalization;
using System.Text.Json.Nodes;

namespace Services.Tests.Api;

/// <summary>Seeded: the requests of the documents' examples, spoilt at random. A failure names its seed.</summary>
public sealed class FuzzTests
{
    private const int Requests = 250;
    private static readonly string[] Words =
        ["", " ", "-1", "0", "1e9", "NaN", "null", "summary", "batch", "..", "%", "a/b", "☃", "\ud83d\ude00", "' --", "2010-12-01", "9999-12-31T23:59:59Z", new string('y', 70)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public static TheoryData<string, int> Runs => new(ApiService.Names.Select(name => ((string)name, 1)).Concat(ApiService.Names.Select(name => ((string)name, 20101201))));

    [Theory]
    [MemberData(nameof(Runs))]
    public async Task No_request_makes_a_service_fail(string name, int seed)
    {
        await using var service = await ApiService.StartAsync(name);
        var operations = ApiOperation.In(await service.DocumentAsync());
        var random = new Random(seed);
        for (var number = 0; number < Requests; number++)
        {
            var operation = operations[random.Next(operations.Count)];
            var exchange = operation.Exchanges[random.Next(operation.Exchanges.Count)];
            var body = exchange.Body is null ? null : Spoil(exchange.Body, random);
            var spoilt = exchange with
            {
                Parameters = [.. operation.Parameters.Where(_ => random.Next(4) > 0).Select(parameter => (parameter.Name, parameter.In, Value(exchange, parameter.Name, random)))],
            };
            var what = string.Create(CultureInfo.InvariantCulture, $"seed {seed}, request {number}: {operation} '{exchange.Name}'");
            try
            {
                using var answer = await service.Client.SendAsync(operation.Request(spoilt, body), Cancellation);
                ((int)answer.StatusCode is < 500 or 503).ShouldBeTrue($"{what}: {answer.StatusCode} {await answer.Content.ReadAsStringAsync(Cancellation)}");
                if (!operation.IsProbe)
                {
                    await RobustnessTests.ProblemOrSuccessAsync(answer, what);
                }
            }
            catch (HttpRequestException) when (name == "simulator")
            {
                // The gateway breaks connections on purpose.
            }
        }

        (await service.Client.GetStringAsync("/alive", Cancellation)).ShouldContain("Healthy");
    }

    private static string Value(ApiExchange exchange, string name, Random random)
    {
        var (_, _, value) = exchange.Parameters.FirstOrDefault(parameter => parameter.Name == name);
        return value is not null && random.Next(2) == 0 ? value : name.Contains('-', StringComparison.Ordinal) ? $"key-{random.Next(20)}" : Words[random.Next(1, Words.Length)];
    }

    private static byte[] Spoil(JsonNode good, Random random)
    {
        var leaves = HostileBody.Leaves(good).Count();
        switch (random.Next(6))
        {
            case 0:
                return HostileBody.Bytes(good);
            case 1 when leaves > 0:
                return HostileBody.Replace(good, random.Next(leaves), Pick(HostileBody.Numbers, random));
            case 2 when leaves > 0:
                return HostileBody.Replace(good, random.Next(leaves), Pick(HostileBody.Texts, random));
            case 3 when leaves > 0:
                return HostileBody.Replace(good, random.Next(leaves), $"\"{JsonEncode(Pick(Words, random))}\"");
            case 4:
                var cut = HostileBody.Bytes(good);
                return cut[..random.Next(cut.Length)];
            default:
                var noise = HostileBody.Bytes(good);
                for (var flips = random.Next(1, 8); flips > 0; flips--)
                {
                    noise[random.Next(noise.Length)] = (byte)random.Next(256);
                }

                return noise;
        }
    }

    private static string Pick(string[] from, Random random) => from[random.Next(from.Length)];

    private static string JsonEncode(string text) => System.Text.Json.JsonEncodedText.Encode(text).ToString();
}
