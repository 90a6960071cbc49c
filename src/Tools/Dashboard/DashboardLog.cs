namespace FlowPlatform.Dashboard;

/// <summary>What the dashboard writes on its console.</summary>
internal static partial class DashboardLog
{
    [LoggerMessage(1, LogLevel.Error, "{Signal} can't be written and are lost, until this is mended: {Reason}")]
    public static partial void NotWritten(ILogger logger, string signal, string reason);

    [LoggerMessage(2, LogLevel.Information, "OTLP: gRPC on {Grpc}, HTTP on {Http}; kept in {Directory}.")]
    public static partial void Listening(ILogger logger, string grpc, string http, string directory);

    [LoggerMessage(3, LogLevel.Warning, "The run {Run} can't be deleted yet: {Reason}")]
    public static partial void RunNotDeleted(ILogger logger, string run, string reason);

    [LoggerMessage(4, LogLevel.Information, "Dashboard: {Link}")]
    public static partial void Pages(ILogger logger, string link);

    [LoggerMessage(5, LogLevel.Warning, "The pages can be reached from other machines over plain HTTP, where whoever is between reads the token. Use https, or a proxy that does.")]
    public static partial void PlainHttp(ILogger logger);
}
