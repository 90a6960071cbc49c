using FlowPlatform.RabbitMQ.StreamProtocol;

namespace FlowPlatform.RabbitMQ;

/// <summary>One shared connection per node for short requests, opened when first asked for and again after it has ended. Safe for concurrent use.</summary>
/// <param name="connect">Connects to a node; to any if null. Has a time limit.</param>
internal sealed class AdminConnections(Func<StreamEndpoint?, Task<StreamConnection>> connect) : IAsyncDisposable
{
    private static readonly StreamEndpoint Anywhere = new(string.Empty, 0);
    private readonly Dictionary<StreamEndpoint, Slot> slots = [];
    private bool disposed;

    /// <summary>A connection to this node; to any node if null.</summary>
    public async Task<StreamConnection> GetAsync(StreamEndpoint? node, CancellationToken cancellationToken)
    {
        Slot slot;
        lock (slots)
        {
            ObjectDisposedException.ThrowIf(disposed, typeof(RabbitMqEventLog));
            slot = node is null && slots.Values.FirstOrDefault(candidate => candidate.IsOpen) is { } open ? open : GetSlot(node);
        }

        // Others may wait for the same connection: one who gives up doesn't end the attempt.
        var connection = await slot.Opening.WaitAsync(cancellationToken);
        lock (slots)
        {
            slot.Connection = connection;
            if (connection.AdvertisedEndpoint is { } advertised && !(slots.TryGetValue(advertised, out var other) && other.IsOpen))
            {
                slots[advertised] = slot;
            }
        }

        return connection;
    }

    public async ValueTask DisposeAsync()
    {
        List<Slot> all;
        lock (slots)
        {
            disposed = true;
            all = [.. slots.Values.Distinct()];
            slots.Clear();
        }

        foreach (var slot in all)
        {
            await Task.WhenAny(slot.Opening);
            if (slot.Opening.IsCompletedSuccessfully)
            {
                await (await slot.Opening).DisposeAsync();
            }
        }
    }

    private Slot GetSlot(StreamEndpoint? node)
    {
        var key = node ?? Anywhere;
        return slots.TryGetValue(key, out var slot) && !slot.HasEnded ? slot : slots[key] = new Slot(connect(node));
    }

    private sealed class Slot(Task<StreamConnection> opening)
    {
        public Task<StreamConnection> Opening { get; } = opening;

        /// <summary>Set by the first one who got it.</summary>
        public StreamConnection? Connection { get; set; }

        public bool IsOpen => Connection is { CloseReason: null };

        public bool HasEnded => Opening.IsFaulted || Opening.IsCanceled || Connection is { CloseReason: not null };
    }
}
