using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using Payments;

await PaymentsApp.Build(args, flow => flow.UseStore().UseRabbitMq()).RunAsync();
