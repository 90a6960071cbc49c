using System.Reflection;
using Aspire.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FlowPlatform.Orchestration.Testing;

/// <summary>
/// An AppHost's entry point, run in this process for a test. It runs by itself to <c>Build()</c>, waits there until the test has made its changes, and where it runs or starts the application it waits
/// until the test starts it. What it calls is told apart from what the test calls by the execution context, so that several run beside each other.
/// </summary>
internal sealed class EntryPointRun(Assembly appHost, string[] args) : IDisposable
{
    private static readonly AsyncLocal<EntryPointRun?> Entered = new();

    private readonly TaskCompletionSource<DistributedApplicationBuilder> built = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<DistributedApplication> application = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource startAsked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim mayBuild = new();
    private readonly CancellationTokenSource abandoned = new();
    private volatile IHostApplicationLifetime? lifetime;
    private readonly Lazy<string> data = new(() => Directory.CreateTempSubdirectory("flow-apphost-").FullName);

    /// <summary>That of the entry point which calls; null outside of one.</summary>
    public static EntryPointRun? Current => Entered.Value;

    public Assembly AppHost => appHost;

    /// <summary>For an AppHost that says nothing else; it goes with the run.</summary>
    public string DataDirectory => data.Value;

    /// <summary>Runs the entry point to where it builds the application.</summary>
    /// <exception cref="DistributedApplicationException">It ended, or failed, without building one.</exception>
    public Task<DistributedApplicationBuilder> ToBuildAsync(CancellationToken cancellationToken)
    {
        // Its own thread, for Build() has to wait on it.
        new Thread(Enter) { IsBackground = true, Name = $"entry point of {appHost.GetName().Name}" }.Start();
        return built.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Lets the entry point build the application.</summary>
    public Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken)
    {
        mayBuild.Set();
        return application.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Lets the entry point start the application.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        startAsked.TrySetResult();
        return started.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Has the entry point stop the application that it runs.</summary>
    public void Stop() => lifetime?.StopApplication();

    /// <summary>Waits until the entry point has come to its end, whatever that is. A run that wasn't started ends unstarted.</summary>
    public async Task EndAsync()
    {
        await abandoned.CancelAsync();
        await ended.Task;
    }

    /// <summary>Called by the entry point, in <c>Build()</c>.</summary>
    public void WaitToBuild(DistributedApplicationBuilder builder)
    {
        built.TrySetResult(builder);
        mayBuild.Wait(abandoned.Token);
    }

    public void Built(DistributedApplication app)
    {
        lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>();
        application.TrySetResult(app);
    }

    /// <summary>Called by the entry point, where it starts the application.</summary>
    public async Task StartAsync(Func<CancellationToken, Task> startAsync, CancellationToken cancellationToken)
    {
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, abandoned.Token);
            await startAsked.Task.WaitAsync(either.Token);
            await startAsync(cancellationToken);
            started.TrySetResult();
        }
        catch (Exception e)
        {
            // The test that starts it is who wants to know; the entry point learns it, too.
            started.TrySetException(e);
            throw;
        }
    }

    /// <summary>After the end.</summary>
    public void Dispose()
    {
        mayBuild.Dispose();
        abandoned.Dispose();
        if (data.IsValueCreated)
        {
            Directory.Delete(data.Value, recursive: true);
        }
    }

    private void Enter()
    {
        Entered.Value = this;
        try
        {
            var entry = appHost.EntryPoint ?? throw new DistributedApplicationException($"{appHost.GetName().Name} has no entry point: it is no AppHost.");
            var result = entry.Invoke(null, BindingFlags.DoNotWrapExceptions, null, entry.GetParameters().Length == 0 ? [] : [args], null);
            End(result is int exitCode ? exitCode : 0, fault: null);
        }
        catch (Exception e)
        {
            // The end of a thread: whoever waits is told.
            End(exitCode: -1, e);
        }
    }

    private void End(int exitCode, Exception? fault)
    {
        var reason = new DistributedApplicationException(
            fault is null ? $"The entry point of {appHost.GetName().Name} ended with {exitCode}; what it says about that is on standard error." : $"The entry point of {appHost.GetName().Name} failed: {fault.Message}",
            fault ?? new InvalidOperationException($"exit code {exitCode}"));
        built.TrySetException(reason);
        application.TrySetException(reason);
        started.TrySetException(reason);
        // Nobody may be waiting for these any more.
        foreach (var task in (Task[])[built.Task, application.Task, started.Task])
        {
            _ = task.Exception;
        }
        ended.TrySetResult(exitCode);
    }
}
