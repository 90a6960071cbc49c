using Contracts;
using FlowPlatform.Consumers;
using FlowPlatform.Storage;
using FlowPlatform.Testing.Tests.Loyalty;

namespace FlowPlatform.Testing.Tests.Faulty;

/// <summary>Draws lots: the second time it decides otherwise.</summary>
internal sealed class DrawLots : Reactor
{
    public DrawLots() => On<OrderPlaced>((placed, context) =>
    {
        context.Emit(new PointsGranted(placed.CustomerId!, Guid.NewGuid().ToString(), 1));
        return Task.CompletedTask;
    });
}

/// <summary>Looks at the clock: what it decides depends on when it does.</summary>
internal sealed class LookAtClock : Reactor
{
    public LookAtClock(TimeProvider clock) => On<OrderPlaced>((placed, context) =>
    {
        context.Send(new WelcomeCustomer($"{placed.CustomerId} of {clock.GetUtcNow():yyyy-MM-dd}"));
        return Task.CompletedTask;
    });
}

/// <summary>Takes it for granted that goods were ordered before they come back.</summary>
internal sealed class ExpectOrderFirst : Reactor
{
    public ExpectOrderFirst()
    {
        On<OrderPlaced>((placed, context) => context.ExecuteAsync("INSERT INTO account (customer_id, points) VALUES (@OrderId, 1)", placed));
        On<OrderShipped>(async (shipped, context) =>
        {
            if (await context.QuerySingleOrDefaultAsync<string>("SELECT customer_id FROM account WHERE customer_id = @OrderId", shipped) is null)
            {
                throw new InvalidOperationException($"{shipped.OrderId} is unknown.");
            }
        });
    }
}

/// <summary>Does not park: it stops at the first return.</summary>
internal sealed class StopAtReturns : Reactor
{
    public StopAtReturns()
    {
        (Parks, MaxAttempts) = (false, 1);
        On<GoodsReturned>((returned, _) => throw new InvalidOperationException($"Return {returned.ReturnId} stops it."));
    }
}
