using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using Orders;

await OrdersApp.Build(args, flow => flow.UseStore().UseRabbitMq()).RunAsync();
