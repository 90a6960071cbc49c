using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Broker;

/// <summary>A short-lived tool that is run to its end.</summary>
internal static class Command
{
    private const int OutputLinesMax = 200_000;

    public sealed record Result(int ExitCode, string Output, string Errors);

    /// <exception cref="BrokerException">The tool is missing or took longer than <paramref name="limit"/>.</exception>
    public static async Task<Result> RunAsync(
        string fileName, IReadOnlyList<string> arguments, string workingDirectory, TimeSpan limit, CancellationToken cancellationToken, Action<OutputLine>? onLine = null)
    {
        var output = new OutputBuffer(OutputLinesMax);
        ChildProcess child;
        try
        {
            child = await ChildProcess.StartAsync(new ChildProcessStart(fileName, arguments)
            {
                WorkingDirectory = workingDirectory,
                Environment = new Dictionary<string, string?> { ["LC_ALL"] = "C", ["DEBIAN_FRONTEND"] = "noninteractive" },
                OnLine = line =>
                {
                    output.Add(line);
                    onLine?.Invoke(line);
                },
            });
        }
        catch (FileNotFoundException e)
        {
            throw new BrokerException(e.Message, e);
        }
        await using (child)
        {
            try
            {
                var exitCode = await child.Exited.WaitAsync(limit, TimeProvider.System, cancellationToken);
                var lines = output.Snapshot();
                return new Result(exitCode, Join(lines, errors: false), Join(lines, errors: true));
            }
            catch (TimeoutException e)
            {
                throw new BrokerException($"{fileName} {string.Join(' ', arguments.Take(1))} did not end within {limit.TotalSeconds:0} s.", e);
            }
        }
    }

    private static string Join(OutputLine[] lines, bool errors) => string.Join('\n', lines.Where(line => line.IsError == errors).Select(line => line.Text));
}
