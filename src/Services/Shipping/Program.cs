using FlowPlatform.Hosting;
using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using Shipping;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddFlow("shipping", flow => flow.UseStore().UseRabbitMq().AddShipping());

var app = builder.Build();
app.MapDefaultEndpoints();
app.MapShipping();
await app.RunAsync();
