using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using Inventory;

await InventoryApp.Build(args, flow => flow.UseStore().UseRabbitMq()).RunAsync();
