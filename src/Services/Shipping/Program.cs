using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using Shipping;

await ShippingApp.Build(args, flow => flow.UseStore().UseRabbitMq()).RunAsync();
