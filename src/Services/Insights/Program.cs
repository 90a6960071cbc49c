using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using Insights;
using ServiceDefaults.Containers;

if (SelfProbe.IsAskedFor(args))
{
    return await SelfProbe.RunAsync(args);
}
await InsightsApp.Build(args, flow => flow.UseStore().UseRabbitMq()).RunAsync();
return 0;
