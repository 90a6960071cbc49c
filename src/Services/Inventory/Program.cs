using FlowPlatform.Hosting;
using FlowPlatform.RabbitMQ;
using FlowPlatform.Storage;
using Inventory;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.AddFlow("inventory", flow => flow.UseStore().UseRabbitMq().AddInventory());

var app = builder.Build();
app.MapDefaultEndpoints();
app.MapInventory();
await app.RunAsync();
