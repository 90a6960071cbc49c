using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using Inventory;
using ServiceDefaults.Containers;

if (SelfProbe.IsAskedFor(args))
{
    return await SelfProbe.RunAsync(args);
}
await InventoryApp.Build(args, flow => flow.UseStore().UseRabbitMq()).RunAsync();
return 0;
