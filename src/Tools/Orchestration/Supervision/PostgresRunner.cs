using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Postgres;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>Runs a Postgres resource as a private server, on the resource's port, with its data below the data directory.</summary>
internal sealed class PostgresRunner(
    PostgresServerResource resource, ResourceNotificationService notifications, OrchestratorSettings settings,
    SecretMask mask, ResourceLog log, TimeProvider time)
    : ResourceRunner(resource, notifications, mask, time)
{
    protected override async Task<ISupervised> StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            var postgres = await PrivatePostgres.StartAsync(new PrivatePostgresOptions
            {
                DataDirectory = Path.Combine(settings.DataDirectory, resource.Name),
                User = (await resource.UserName.GetValueAsync(cancellationToken))!,
                Password = await resource.PasswordParameter.GetValueAsync(cancellationToken),
                Port = resource.Annotations.OfType<EndpointAnnotation>()
                    .FirstOrDefault(endpoint => endpoint.Name == PostgresServerResource.PrimaryEndpointName)?.AllocatedPort,
                OnOutput = text => log.Add(new OutputLine(text, IsError: false)),
            }, StartProgress, cancellationToken);
            return await CloseCommonDatabasesAsync(postgres, cancellationToken);
        }
        catch (PostgresServerException e)
        {
            throw new StartFailedException(e.Message, e);
        }
    }

    /// <summary>A server never means to end by itself.</summary>
    protected override bool IsDeliberate(int exitCode) => false;

    private async Task<ISupervised> CloseCommonDatabasesAsync(PrivatePostgres postgres, CancellationToken cancellationToken)
    {
        try
        {
            StartProgress.Report($"Postgres {await postgres.CloseCommonDatabasesAsync(cancellationToken)}; a private server");
            return new Server(postgres);
        }
        catch
        {
            await postgres.DisposeAsync();
            throw;
        }
    }

    private sealed class Server(PrivatePostgres postgres) : ISupervised
    {
        public Task<int> Exited => postgres.Exited;

        public int? ProcessId => postgres.ProcessId;

        public Task StopAsync(TimeSpan grace) => postgres.StopAsync(grace);

        public void Kill() => postgres.Kill();
    }
}
