using System.Globalization;
using System.Text.Json;

namespace FlowPlatform.Cli;

/// <summary>A parked key, as <c>GET /flow/parked</c> has it.</summary>
internal sealed record ParkedKey(string Service, string Consumer, string Stream, int Partition, string Key, long Events, string Since, string Reason, string State)
{
    private const int Page = 500;

    /// <summary>Reads those of a service, page by page.</summary>
    /// <returns>The keys, and whether there are more.</returns>
    public static async Task<(IReadOnlyList<ParkedKey> Keys, bool More)> ReadAsync(ServiceClient client, string service, Uri url, string? consumer, string? key, int limit, CancellationToken cancellationToken)
    {
        var keys = new List<ParkedKey>();
        string? after = null;
        do
        {
            var query = string.Create(CultureInfo.InvariantCulture, $"/flow/parked?limit={Math.Min(Page, limit - keys.Count)}{Part("consumer", consumer)}{Part("key", key)}{Part("after", after)}");
            if (await client.FindAsync(service, url, query, cancellationToken) is not { } answer)
            {
                return (keys, false);
            }

            keys.AddRange(answer.List("keys").Select(row => Of(service, row)));
            after = answer.Text("next");
        }
        while (after is not null && keys.Count < limit);
        return (keys, after is not null);
    }

    public string Path => $"/flow/parked/{Uri.EscapeDataString(Consumer)}/{Uri.EscapeDataString(Stream)}/{Partition}/{Uri.EscapeDataString(Key)}";

    private static ParkedKey Of(string service, JsonElement row) => new(
        service, row.Text("consumer") ?? "", row.Text("stream") ?? "", (int)row.Number("partition"), row.Text("key") ?? "", row.Number("events"), row.Text("since") ?? "", row.Text("reason") ?? "",
        row.Text("state") ?? "");

    private static string Part(string name, string? value) => value is null ? "" : $"&{name}={Uri.EscapeDataString(value)}";
}
