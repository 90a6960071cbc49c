using FlowPlatform.Commands;
using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Storage;

namespace FlowPlatform.Tests.Runtime;

internal abstract record AccountsEvent;

[Event("accounts.paid-in.v1", Key = nameof(Account))]
internal sealed record PaidIn(string Account, decimal Amount) : AccountsEvent;

internal abstract record ThanksEvent;

[Event("thanks.thanked.v1", Key = nameof(Account))]
internal sealed record Thanked(string Account, decimal Amount) : ThanksEvent;

[Event("thanks.greeted.v1", Key = nameof(Account))]
internal sealed record Greeted(string Account) : ThanksEvent;

[Command("bank.greet")]
internal sealed record Greet(string Account);

/// <summary>Sums by account. The row in <c>applied</c> makes a second application of the same event fail loudly.</summary>
internal sealed class Totals : Projection
{
    public Totals(bool parks = true, int attempts = 4)
    {
        Parks = parks;
        MaxAttempts = attempts;
        MaxParkedKeys = 3;
        MaxParkedEvents = 20;
        On<PaidIn>(async (paid, context) =>
        {
            if (Poison is { } poison && paid.Account == poison)
            {
                throw new InvalidOperationException($"{poison} can't be summed.");
            }

            await context.ExecuteAsync("INSERT INTO applied (event_id) VALUES (@Id)", new { context.Record.Event.Id });
            await context.ExecuteAsync(
                "INSERT INTO total (account, amount, events) VALUES (@Account, @Amount, 1) ON CONFLICT (account) DO UPDATE SET amount = total.amount + excluded.amount, events = total.events + 1", paid);
        });
    }

    /// <summary>Account whose events can't be applied.</summary>
    public string? Poison { get; set; }
}

internal sealed class ThankPayers : Reactor
{
    public ThankPayers(int attempts = 4)
    {
        MaxAttempts = attempts;
        On<PaidIn>(async (paid, context) =>
        {
            if (Poison is { } poison && paid.Account == poison)
            {
                throw new InvalidOperationException($"{poison} can't be thanked.");
            }

            await context.ExecuteAsync("INSERT INTO ledger (event_id, account, amount) VALUES (@Id, @Account, @Amount)", new { context.Record.Event.Id, paid.Account, paid.Amount });
            context.Emit(new Thanked(paid.Account, paid.Amount), TimeSpan.FromSeconds(1));
            context.Send(new Greet(paid.Account));
        });
    }

    /// <summary>Account whose events can't be applied.</summary>
    public string? Poison { get; set; }
}

internal sealed class GreetHandler(Greeter greeter) : CommandHandler<Greet, string>
{
    public override async Task<string> CallAsync(Greet command, CommandContext context, CancellationToken cancellationToken) => await greeter.CallAsync(command, context);

    public override async ValueTask ApplyAsync(Greet command, string outcome, CommandTransaction transaction)
    {
        await transaction.ExecuteAsync("INSERT INTO greeting (id, text) VALUES (@id, @outcome)", new { id = transaction.Cause.Id, outcome });
        transaction.Emit(new Greeted(command.Account));
    }
}

/// <summary>The outside: counts calls by command.</summary>
internal sealed class Greeter
{
    public System.Collections.Concurrent.ConcurrentDictionary<Guid, int> Calls { get; } = new();

    public Func<Greet, CommandContext, Task>? Before { get; set; }

    public async Task<string> CallAsync(Greet command, CommandContext context)
    {
        Calls.AddOrUpdate(context.CommandId, 1, (_, count) => count + 1);
        await (Before?.Invoke(command, context) ?? Task.CompletedTask);
        return $"Hello {command.Account}";
    }
}
