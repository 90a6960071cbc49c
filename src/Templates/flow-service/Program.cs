using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using ServiceNamespace;

await App.Build(args, flow => flow.UseStore().UseRabbitMq()).RunAsync();
