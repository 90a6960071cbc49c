using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.Orchestration.ResourceService;

/// <summary>
/// Who has changed, for those who listen. A subscriber holds the names of what changed since it looked last, at most one for each resource: a slow one misses steps in between, never the end, and
/// nobody waits for it. Safe for concurrent use.
/// </summary>
internal sealed class ResourceFeed : IDisposable
{
    public const int SubscribersMax = 32;

    private readonly Lock gate = new();
    private readonly List<Subscription> subscriptions = [];
    private readonly ResourceNotificationService notifications;

    public ResourceFeed(ResourceNotificationService notifications)
    {
        this.notifications = notifications;
        notifications.Changed += OnChanged;
    }

    /// <exception cref="TooManySubscribersException">There are 32 already.</exception>
    public Subscription Subscribe()
    {
        var subscription = new Subscription(this);
        lock (gate)
        {
            if (subscriptions.Count >= SubscribersMax)
            {
                throw new TooManySubscribersException(SubscribersMax);
            }
            subscriptions.Add(subscription);
        }
        return subscription;
    }

    public void Dispose() => notifications.Changed -= OnChanged;

    private void OnChanged(ResourceEvent change)
    {
        var name = change.Resource.Declared().Name;
        lock (gate)
        {
            subscriptions.ForEach(subscription => subscription.Mark(name));
        }
    }

    private void Remove(Subscription subscription)
    {
        lock (gate)
        {
            subscriptions.Remove(subscription);
        }
    }

    /// <summary>One listener, used by one task.</summary>
    public sealed class Subscription(ResourceFeed feed) : IDisposable
    {
        private readonly Lock gate = new();
        private HashSet<string> changed = new(StringComparer.OrdinalIgnoreCase);
        private TaskCompletionSource? awaited;

        public void Mark(string name)
        {
            TaskCompletionSource? waiting;
            lock (gate)
            {
                changed.Add(name);
                (waiting, awaited) = (awaited, null);
            }
            waiting?.TrySetResult();
        }

        /// <summary>What has changed since the last time, as soon as something has.</summary>
        public async Task<IReadOnlyCollection<string>> NextAsync(CancellationToken cancellationToken)
        {
            while (true)
            {
                Task waiting;
                lock (gate)
                {
                    if (changed.Count > 0)
                    {
                        var names = changed;
                        changed = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
                        return names;
                    }
                    awaited ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    waiting = awaited.Task;
                }
                await waiting.WaitAsync(cancellationToken);
            }
        }

        public void Dispose() => feed.Remove(this);
    }
}
