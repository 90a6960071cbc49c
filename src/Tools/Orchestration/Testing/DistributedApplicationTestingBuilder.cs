using FlowPlatform.Orchestration.Testing;

namespace Aspire.Hosting.Testing;

/// <summary>An AppHost as its entry point has described it, for a test to change and build. What is not built is given up with it.</summary>
public interface IDistributedApplicationTestingBuilder : IDistributedApplicationBuilder, IAsyncDisposable, IDisposable
{
    /// <summary>Builds the application; the test starts it.</summary>
    /// <exception cref="DistributedApplicationException">It can't be built.</exception>
    Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken = default);
}

/// <summary>Runs an AppHost in a test's process.</summary>
public static class DistributedApplicationTestingBuilder
{
    /// <summary>Runs the entry point of the AppHost to where it builds the application.</summary>
    /// <typeparam name="TEntryPoint">The class of the AppHost's own name in <c>Projects</c>.</typeparam>
    /// <exception cref="DistributedApplicationException">The entry point ended, or failed, before that.</exception>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(CancellationToken cancellationToken = default)
        where TEntryPoint : class => RunToBuildAsync(typeof(TEntryPoint), [], cancellationToken);

    /// <param name="args">The AppHost's command line.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="CreateAsync{TEntryPoint}(CancellationToken)"/>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync<TEntryPoint>(string[] args, CancellationToken cancellationToken = default)
        where TEntryPoint : class => RunToBuildAsync(typeof(TEntryPoint), args, cancellationToken);

    /// <param name="entryPoint">A class of the AppHost's assembly.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="CreateAsync{TEntryPoint}(CancellationToken)"/>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync(Type entryPoint, CancellationToken cancellationToken = default) => RunToBuildAsync(entryPoint, [], cancellationToken);

    /// <param name="entryPoint">A class of the AppHost's assembly.</param>
    /// <param name="args">The AppHost's command line.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <inheritdoc cref="CreateAsync{TEntryPoint}(CancellationToken)"/>
    public static Task<IDistributedApplicationTestingBuilder> CreateAsync(Type entryPoint, string[] args, CancellationToken cancellationToken = default) => RunToBuildAsync(entryPoint, args, cancellationToken);

    private static async Task<IDistributedApplicationTestingBuilder> RunToBuildAsync(Type entryPoint, string[] args, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(entryPoint);
        ArgumentNullException.ThrowIfNull(args);
        var run = new EntryPointRun(entryPoint.Assembly, args);
        try
        {
            return await run.ToBuildAsync(cancellationToken);
        }
        catch
        {
            await run.EndAsync();
            run.Dispose();
            throw;
        }
    }
}
