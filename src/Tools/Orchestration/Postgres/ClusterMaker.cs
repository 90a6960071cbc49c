using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Postgres;

/// <summary>Makes a new cluster, all or nothing: one that was interrupted is begun again.</summary>
internal sealed class ClusterMaker(string dataDirectory, PostgresLayout layout, PostgresInstallation installation, ServerUser user)
{
    private const int OutputLinesMax = 200;

    /// <exception cref="PostgresServerException">initdb failed or took too long.</exception>
    public async Task MakeAsync(PostgresSecrets secrets, TimeSpan limit, CancellationToken cancellationToken)
    {
        if (Directory.Exists(layout.UnfinishedCluster))
        {
            Directory.Delete(layout.UnfinishedCluster, recursive: true);
        }
        PrivateFile.CreateFolder(layout.UnfinishedCluster);
        PrivateFile.Write(layout.PasswordFile, secrets.Password);
        try
        {
            if (user.IsNobody)
            {
                user.TakeOver(layout.UnfinishedCluster);
            }
            await RunInitDbAsync(secrets.User, limit, cancellationToken);
            Directory.Move(layout.UnfinishedCluster, layout.Cluster);
        }
        finally
        {
            File.Delete(layout.PasswordFile);
        }
    }

    private async Task RunInitDbAsync(string superuser, TimeSpan limit, CancellationToken cancellationToken)
    {
        var output = new OutputBuffer(OutputLinesMax);
        var (fileName, arguments) = user.Command(installation.InitDb, layout.InitArguments(superuser));
        await using var child = await ChildProcess.StartAsync(new ChildProcessStart(fileName, arguments)
        {
            WorkingDirectory = dataDirectory,
            Environment = layout.Environment(),
            OnLine = output.Add,
        });
        int exitCode;
        try
        {
            exitCode = await child.Exited.WaitAsync(limit, TimeProvider.System, cancellationToken);
        }
        catch (TimeoutException e)
        {
            throw new PostgresServerException($"initdb did not end within {limit.TotalSeconds:0} s. Its last words:\n{output.Tail(10)}", e);
        }
        if (exitCode != 0)
        {
            throw new PostgresServerException($"Postgres could not make its cluster in {dataDirectory} (initdb ended with exit code {exitCode}):\n{output.Tail(15)}");
        }
    }
}
