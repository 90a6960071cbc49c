using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using Insights;

await InsightsApp.Build(args, flow => flow.UseStore().UseRabbitMq()).RunAsync();
