using FlowPlatform.Hosting;
using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using Payments;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddFlow("payments", flow => flow.UseStore().UseRabbitMq().AddPayments());

var app = builder.Build();
app.MapDefaultEndpoints();
app.MapPayments();
await app.RunAsync();
