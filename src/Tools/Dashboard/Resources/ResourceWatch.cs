using System.Text.Json;

namespace FlowPlatform.Dashboard.Resources;

/// <summary>Keeps the board as the AppHost tells: one connection, made again when it is lost, after 0.25 s at first and 5 s at most.</summary>
internal sealed class ResourceWatch(ResourceClient client, ResourceBoard board, TimeProvider clock) : BackgroundService
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!client.IsConfigured)
        {
            return;
        }

        var wait = First;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await foreach (var item in client.ChangesAsync(stoppingToken))
                {
                    Take(item.EventType, item.Data);
                    wait = First;
                }

                board.Lose("The AppHost has ended the connection.");
            }
            catch (Exception e) when (e is ResourceServiceException or JsonException)
            {
                board.Lose(e.Message);
            }

            await Task.Delay(wait, clock, stoppingToken);
            wait = wait * 2 < Longest ? wait * 2 : Longest;
        }
    }

    private void Take(string type, string data)
    {
        switch (type)
        {
            case "resources" when JsonSerializer.Deserialize<ResourceListing>(data, JsonSerializerOptions.Web) is { Resources: not null } listing:
                board.Set(listing);
                break;
            case "changed" when JsonSerializer.Deserialize<ResourceChange>(data, JsonSerializerOptions.Web) is { Name: not null } change:
                board.Set(change);
                break;
        }
    }
}
