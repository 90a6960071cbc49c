using Contracts;
using FlowPlatform.Commands;
using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Hosting;
using FlowPlatform.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace FlowPlatform.Testing.Tests.Loyalty;

internal abstract record LoyaltyEvent;

/// <summary>A customer has got points for an order.</summary>
[Event("loyalty.granted.v1", Key = nameof(CustomerId))]
internal sealed record PointsGranted(string CustomerId, string OrderId, long Points) : LoyaltyEvent;

/// <summary>A new customer was written to.</summary>
[Event("loyalty.welcomed.v1", Key = nameof(CustomerId))]
internal sealed record CustomerWelcomed(string CustomerId) : LoyaltyEvent;

[Command("loyalty.welcome")]
internal sealed record WelcomeCustomer(string CustomerId);

/// <summary>The service that the samples test: a point for every full pound of an order, and a letter to whoever orders for the first time.</summary>
internal static class LoyaltyFlow
{
    public static void Declare(FlowBuilder flow)
    {
        flow.Services.TryAddSingleton<Post>();
        flow
            .Publishes<LoyaltyEvent>("loyalty")
            .Reactor<GrantPoints>("orders")
            .Projection<PointsByCustomer>("loyalty")
            .Command<WelcomeCustomer, string, WelcomeCustomerHandler>();
    }
}

internal sealed class GrantPoints : Reactor
{
    public GrantPoints()
    {
        On<OrderPlaced>(async (placed, context) =>
        {
            if (placed.CustomerId is not { } customer)
            {
                return;
            }

            var points = (long)placed.Amount;
            var known = await context.QuerySingleOrDefaultAsync<long?>("SELECT points FROM account WHERE customer_id = @customer", new { customer });
            await context.ExecuteAsync(
                "INSERT INTO account (customer_id, points) VALUES (@customer, @points) ON CONFLICT (customer_id) DO UPDATE SET points = points + excluded.points", new { customer, points });
            context.Emit(new PointsGranted(customer, placed.OrderId, points));
            if (known is null)
            {
                context.Send(new WelcomeCustomer(customer));
            }
        });
        On<GoodsReturned>(async (returned, context) =>
        {
            if (returned.Amount < 0)
            {
                throw new InvalidOperationException($"Return {returned.ReturnId} gives money away.");
            }

            await context.ExecuteAsync("UPDATE account SET points = points - @points WHERE customer_id = @CustomerId", new { returned.CustomerId, points = (long)returned.Amount });
        });
    }
}

internal sealed class PointsByCustomer : Projection
{
    public PointsByCustomer() => On<PointsGranted>((granted, context) => context.ExecuteAsync(
        "INSERT INTO points (customer_id, points) VALUES (@CustomerId, @Points) ON CONFLICT (customer_id) DO UPDATE SET points = points + excluded.points", granted));
}

/// <summary>The outside: where letters go.</summary>
internal class Post
{
    private int sent;

    public int Sent => Volatile.Read(ref sent);

    public virtual Task<string> SendAsync(string customer, CommandContext context)
    {
        Interlocked.Increment(ref sent);
        return Task.FromResult($"Dear {customer}");
    }
}

internal sealed class WelcomeCustomerHandler(Post post) : CommandHandler<WelcomeCustomer, string>
{
    public override Task<string> CallAsync(WelcomeCustomer command, CommandContext context, CancellationToken cancellationToken) => post.SendAsync(command.CustomerId, context);

    public override async ValueTask ApplyAsync(WelcomeCustomer command, string outcome, CommandTransaction transaction)
    {
        await transaction.ExecuteAsync("INSERT INTO welcome (customer_id, letter) VALUES (@CustomerId, @outcome)", new { command.CustomerId, outcome });
        transaction.Emit(new CustomerWelcomed(command.CustomerId), after: TimeSpan.FromHours(1));
    }
}
