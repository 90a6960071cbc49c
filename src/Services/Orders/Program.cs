using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using Orders;
using ServiceDefaults.Containers;

if (SelfProbe.IsAskedFor(args))
{
    return await SelfProbe.RunAsync(args);
}
await OrdersApp.Build(args, flow => flow.UseStore().UseRabbitMq()).RunAsync();
return 0;
