using Aspire.Hosting.ApplicationModel;
using FlowPlatform.Orchestration.Postgres;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>Makes a service's database and role when the server is there. That the server goes away later is what services report.</summary>
internal sealed class ServiceDatabaseRunner(
    IResource resource, ServiceDatabaseAnnotation database, ResourceNotificationService notifications, SecretMask mask, TimeProvider time)
    : ResourceRunner(resource, notifications, mask, time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public override bool TakesCommands => false;

    protected override async Task<ISupervised> StartAsync(CancellationToken cancellationToken)
    {
        var server = (await database.Server.GetConnectionStringAsync(cancellationToken))!;
        Mask.AddConnectionString(server);
        var password = (await database.Password.GetValueAsync(cancellationToken))!;
        try
        {
            var facts = await new ServiceDatabase(database.Name, password).EnsureAsync(server, Patience, Time, cancellationToken);
            StartProgress.Report($"{database.Name} on Postgres {facts.Version}");
            return new Elsewhere();
        }
        catch (PostgresServerException e)
        {
            throw new StartFailedException(e.Message, e);
        }
    }
}
