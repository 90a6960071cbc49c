using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using Payments;
using ServiceDefaults.Containers;

if (SelfProbe.IsAskedFor(args))
{
    return await SelfProbe.RunAsync(args);
}
await PaymentsApp.Build(args, flow => flow.UseStore().UseRabbitMq()).RunAsync();
return 0;
