using Microsoft.AspNetCore.WebUtilities;

namespace FlowPlatform.Dashboard.Controls;

/// <summary>Where pages are. They carry what is shown, so that they can be sent to somebody.</summary>
public static class Links
{
    /// <summary>The waterfall of a trace.</summary>
    /// <param name="traceId">32 hexadecimal digits.</param>
    /// <param name="spanId">Which span to show; null: none.</param>
    /// <param name="run">The run's name; null: the current one.</param>
    public static string Trace(string traceId, string? spanId = null, string? run = null) => With($"traces/{traceId}", ("span", spanId), ("run", run));

    /// <summary>Traces in which a service took part.</summary>
    public static string Traces(string? service = null, bool errors = false, string? run = null) => With("traces", ("service", service), ("errors", errors ? "true" : null), ("run", run));

    /// <summary>Structured logs of a service, of a trace, or of one span.</summary>
    public static string Logs(string? service = null, string? traceId = null, string? spanId = null, string? run = null) => With("logs", ("service", service), ("trace", traceId), ("span", spanId), ("run", run));

    /// <summary>A path with those parameters that have a value.</summary>
    public static string With(string path, params (string Name, string? Value)[] parameters)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        return QueryHelpers.AddQueryString(path, parameters.Where(static parameter => !string.IsNullOrEmpty(parameter.Value)).Select(static parameter => KeyValuePair.Create(parameter.Name, parameter.Value)));
    }
}
