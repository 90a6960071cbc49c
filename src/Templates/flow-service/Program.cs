using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using ServiceDefaults.Containers;
using ServiceNamespace;

if (SelfProbe.IsAskedFor(args))
{
    return await SelfProbe.RunAsync(args);
}
await App.Build(args, flow => flow.UseStore().UseRabbitMq()).RunAsync();
return 0;
