using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using ServiceDefaults.Containers;
using Shipping;

if (SelfProbe.IsAskedFor(args))
{
    return await SelfProbe.RunAsync(args);
}
await ShippingApp.Build(args, flow => flow.UseStore().UseRabbitMq()).RunAsync();
return 0;
