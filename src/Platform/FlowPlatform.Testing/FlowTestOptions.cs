using System.Reflection;
using FlowPlatform.Log;
using FlowPlatform.Storage.EmbeddedLog;
using Microsoft.Extensions.DependencyInjection;

namespace FlowPlatform.Testing;

/// <summary>How a service runs under test. Set while it starts; not safe for concurrent use.</summary>
public sealed class FlowTestOptions
{
    /// <summary>Longest real time that each wait of the harness takes; default <see cref="TestRun.Limit"/>.</summary>
    public TimeSpan Limit { get; set; } = TestRun.Limit;

    /// <summary>What the clock shows at first; default 2026-01-01, midnight UTC.</summary>
    public DateTimeOffset Start { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Settings of the service, by key, e.g. <c>FLOW_MODE</c> or <c>services:courier:http:0</c>.</summary>
    public IDictionary<string, string> Settings { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Has a say on the service's container: fakes for what lies outside. After the flow was declared; of a whole application, before its own registrations, of which the last wins.
    /// </summary>
    public Action<IServiceCollection>? Services { get; set; }

    /// <summary>Partitions of streams that other services publish, by name; default 3.</summary>
    public IDictionary<string, int> Partitions { get; } = new Dictionary<string, int>(StringComparer.Ordinal);

    /// <summary>Assembly with the main store's migrations; default: of a flow, the one among those of its reactors, projections and commands that has any; of an application, the one that builds it.</summary>
    public Assembly? Schema { get; set; }

    /// <summary>Whether the service's handlers get its commands; default true. If not, they wait in the outbox, and a flow is settled without them.</summary>
    public bool HandleCommands { get; set; } = true;

    /// <summary>Delivers every command a second time after it was handled, as queues may; default false.</summary>
    public bool CommandsTwice { get; set; }

    /// <summary>Makes the log, in a directory of the test's; default: the embedded log. It is disposed of with the test.</summary>
    public Func<string, TimeProvider, IEventLog> Log { get; set; } = static (directory, clock) => new EmbeddedEventLog(directory, clock);
}
