using System.Data.Common;
using FlowPlatform.Consumers;

namespace FlowPlatform.Hosting;

/// <summary>Reads a projection's tables. Each call resolves the live generation once (rule G1). Safe for concurrent use.</summary>
public sealed class ProjectionReader<TProjection>
    where TProjection : Projection
{
    private readonly FlowRuntime runtime;

    internal ProjectionReader(FlowRuntime runtime) => this.runtime = runtime;

    /// <summary>A read-only connection to the live generation. Dispose it soon: it returns to a pool.</summary>
    public ValueTask<DbConnection> OpenAsync(CancellationToken cancellationToken) =>
        runtime.StoreOf(typeof(TProjection)).OpenReadAsync(cancellationToken);
}
