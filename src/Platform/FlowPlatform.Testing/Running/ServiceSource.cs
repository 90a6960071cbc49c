using System.Reflection;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Storage.Sqlite;
using FlowPlatform.Stores;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Testing.Running;

/// <summary>Builds the service under test, as often as it starts, on the store, clock and settings of one test. Dispose it last: the directory goes with it.</summary>
internal sealed class ServiceSource : IDisposable
{
    private readonly Func<string[], Action<FlowBuilder>, IHost> build;
    private readonly TemporaryDirectory directory = new();

    private ServiceSource(Func<string[], Action<FlowBuilder>, IHost> build, Action<FlowTestOptions>? configure)
    {
        this.build = build;
        Options = new FlowTestOptions();
        configure?.Invoke(Options);
        Clock = new VirtualClock(Options.Start);
    }

    public FlowTestOptions Options { get; }

    public VirtualClock Clock { get; }

    public RecentWarnings Warnings { get; } = new();

    /// <summary>A service that is only a flow.</summary>
    public static ServiceSource Of(string service, Action<FlowBuilder> declare, Action<FlowTestOptions>? configure) => new(
        (args, infrastructure) =>
        {
            var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { Args = args });
            builder.AddFlow(service, flow =>
            {
                declare(flow);
                infrastructure(flow);
            });
            return builder.Build();
        },
        configure);

    /// <summary>A whole application.</summary>
    public static ServiceSource Of<THost>(Func<string[], Action<FlowBuilder>, THost> build, Action<FlowTestOptions>? configure)
        where THost : IHost => new((args, infrastructure) => build(args, infrastructure), configure);

    public IEventLog OpenLog() => Options.Log(Path.Combine(directory.Path, "log"), Clock);

    /// <summary>Builds it; the caller starts it and disposes of it.</summary>
    public IHost Build(IEventLog log, CommandQueue? queue) => build(
        [$"--FLOW_DATA={StorePath}", "--urls=http://127.0.0.1:0", "--environment=Production", .. Options.Settings.Select(setting => $"--{setting.Key}={setting.Value}")],
        flow =>
        {
            flow.Services.AddSingleton(log);
            flow.Services.AddSingleton<TimeProvider>(Clock);
            flow.Services.AddSingleton<IServiceStore>(services => new SqliteServiceStore(
                StorePath, SchemaOf(services.GetRequiredService<FlowDefinition>()), services.GetRequiredService<PublishedStreams>(), Clock));
            flow.Services.AddLogging(logging => logging.ClearProviders().AddProvider(Warnings));
            if (queue is not null)
            {
                flow.Services.AddSingleton(Options);
                flow.Services.AddSingleton(queue);
                flow.Services.AddSingleton<Commands.ICommandBus, QueueBus>();
                flow.Services.AddHostedService<CommandWorker>();
            }

            Options.Services?.Invoke(flow.Services);
        });

    public void Dispose() => directory.Dispose();

    private string StorePath => Path.Combine(directory.Path, "store");

    private Assembly SchemaOf(FlowDefinition definition)
    {
        if (Options.Schema is { } chosen)
        {
            return chosen;
        }

        var all = definition.Consumers.Select(consumer => consumer.Type.Assembly).Concat(definition.AllCommands.Select(command => command.CommandType.Assembly)).Distinct().ToList();
        var with = all.Where(assembly => assembly.GetManifestResourceNames().Any(name => name.StartsWith("Schema/main/", StringComparison.Ordinal))).ToList();
        return with.Count <= 1
            ? with.FirstOrDefault() ?? all.FirstOrDefault() ?? typeof(ServiceSource).Assembly
            : throw new FlowTestException(
                $"Which schema has the main store of '{definition.Service}'? {string.Join(", ", with.Select(assembly => assembly.GetName().Name))} have one each: set FlowTestOptions.Schema.");
    }
}
