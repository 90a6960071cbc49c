using System.Reflection;
using FlowPlatform.Commands;
using FlowPlatform.Hosting;
using FlowPlatform.Log;
using FlowPlatform.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FlowPlatform.Testing.Running;

/// <summary>Builds the service under test, as often as it starts, on the store, clock and settings of one test. Dispose it last: the directory goes with it.</summary>
internal sealed class ServiceSource : IDisposable
{
    private readonly Func<string[], Action<FlowBuilder>, IHost> build;
    private readonly Assembly? applications;
    private readonly TemporaryDirectory directory = new();

    private ServiceSource(Func<string[], Action<FlowBuilder>, IHost> build, Assembly? applications, Action<FlowTestOptions>? configure)
    {
        this.build = build;
        this.applications = applications;
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
        null,
        configure);

    /// <summary>A whole application.</summary>
    public static ServiceSource Of<THost>(Func<string[], Action<FlowBuilder>, THost> build, Action<FlowTestOptions>? configure)
        where THost : IHost => new((args, infrastructure) => build(args, infrastructure), build.Method.Module.Assembly, configure);

    public IEventLog OpenLog() => Options.Log(Path.Combine(directory.Path, "log"), Clock);

    /// <summary>Builds it; the caller starts it and disposes of it.</summary>
    /// <exception cref="FlowTestException">It is not known where the main store's schema is.</exception>
    public IHost Build(IEventLog log, CommandQueue? queue)
    {
        var host = build(
            [$"--FLOW_DATA={Path.Combine(directory.Path, "store")}", "--urls=http://127.0.0.1:0", "--environment=Production", .. Options.Settings.Select(setting => $"--{setting.Key}={setting.Value}")],
            flow => Choose(flow, log, queue));
        if (applications is not null && Options.Schema is null && SchemaOf(host.Services.GetRequiredService<FlowDefinition>()) is { } expected && expected != applications)
        {
            host.Dispose();
            throw new FlowTestException($"The schema of the main store seems to be in {expected.GetName().Name}, not in {applications.GetName().Name}, where the application is built: set FlowTestOptions.Schema.");
        }

        return host;
    }

    public void Dispose() => directory.Dispose();

    private void Choose(FlowBuilder flow, IEventLog log, CommandQueue? queue)
    {
        flow.UseStore(Options.Schema ?? applications ?? SchemaOf(flow.Definition) ?? typeof(ServiceSource).Assembly);
        flow.Services.AddSingleton(log);
        flow.Services.AddSingleton<TimeProvider>(Clock);
        flow.Services.AddLogging(logging => logging.ClearProviders().AddProvider(Warnings));
        if (queue is not null)
        {
            flow.Services.AddSingleton(Options).AddSingleton(queue);
            flow.Services.AddSingleton<ICommandBus, QueueBus>();
            flow.Services.AddHostedService<CommandWorker>();
        }

        Options.Services?.Invoke(flow.Services);
    }

    /// <summary>The assembly with migrations of a main store among those of the flow's parts; null if none has any.</summary>
    private static Assembly? SchemaOf(FlowDefinition definition)
    {
        var found = definition.Consumers.Select(consumer => consumer.Type.Assembly)
            .Concat(definition.AllCommands.Select(command => command.CommandType.Assembly))
            .Distinct()
            .Where(assembly => assembly.GetManifestResourceNames().Any(name => name.StartsWith("Schema/main/", StringComparison.Ordinal)))
            .ToList();
        return found.Count <= 1
            ? found.FirstOrDefault()
            : throw new FlowTestException(
                $"Which schema has the main store of '{definition.Service}'? {string.Join(", ", found.Select(assembly => assembly.GetName().Name))} have one each: set FlowTestOptions.Schema.");
    }
}
