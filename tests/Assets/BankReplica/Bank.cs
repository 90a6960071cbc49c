using System.Diagnostics;
using System.Globalization;
using FlowPlatform.Consumers;
using FlowPlatform.Events;
using FlowPlatform.Storage;

namespace BankReplica;

[Event("payments.paid.v1", Key = nameof(Account))]
internal sealed record Paid(string Account, long Amount);

internal abstract record ThanksEvent;

[Event("thanks.thanked.v1", Key = nameof(Account))]
internal sealed record Thanked(string Account, long Amount) : ThanksEvent;

/// <summary>Sums by account. The row in <c>applied</c> makes a second application of the same event fail loudly. An event of 0 may pause the process, or hang, in the middle of its transaction.</summary>
internal sealed class Sums : Projection
{
    public Sums() => On<Paid>(async (paid, context) =>
    {
        await context.ExecuteAsync("INSERT INTO applied (event_id) VALUES (@Id)", new { context.Record.Event.Id });
        await context.ExecuteAsync(
            "INSERT INTO sum (account, amount, events) VALUES (@Account, @Amount, 1) ON CONFLICT (account) DO UPDATE SET amount = sum.amount + excluded.amount, events = sum.events + 1", paid);
        if (paid.Amount == 0 && Environment.GetEnvironmentVariable("BANK_PAUSES") == "1")
        {
            Environment.SetEnvironmentVariable("BANK_PAUSES", null);
            using var stop = Process.Start("kill", ["-STOP", Environment.ProcessId.ToString(CultureInfo.InvariantCulture)]);
            await stop.WaitForExitAsync();
        }

        await Hanging.MayHangAsync("sums", paid);
    });
}

/// <summary>A fault of a service's own code: at a payment of 0 it waits for something that never comes.</summary>
internal static class Hanging
{
    /// <summary>Says so, and hangs, where <c>BANK_HANGS</c> names the consumer.</summary>
    public static async Task MayHangAsync(string consumer, Paid paid)
    {
        if (paid.Amount == 0 && Environment.GetEnvironmentVariable("BANK_HANGS") == consumer)
        {
            Console.WriteLine($"{consumer} hangs");
            await new TaskCompletionSource().Task;
        }
    }
}

/// <summary>Serial: the number of each thanks follows the one before, whoever gives it.</summary>
internal sealed class Thanker : Reactor
{
    public Thanker() => On<Paid>(async (paid, context) =>
    {
        await context.ExecuteAsync(
            "INSERT INTO thanks (event_id, number) SELECT @Id, coalesce(max(number), 0) + 1 FROM thanks", new { context.Record.Event.Id });
        context.Emit(new Thanked(paid.Account, paid.Amount));
        await Hanging.MayHangAsync("thanker", paid);
    });
}

/// <summary>Keyed by account: reads, adds in the process, and writes, so that two at a time would lose a payment.</summary>
internal sealed class Counter : Reactor
{
    public Counter() => On<Paid>(CountAsync, touches: paid => [$"account {paid.Account}"]);

    private static async Task CountAsync(Paid paid, ReactorContext context)
    {
        var before = await context.QuerySingleOrDefaultAsync<long?>("SELECT payments FROM payer WHERE account = @Account", paid) ?? 0;
        await context.ExecuteAsync(
            "INSERT INTO payer (account, payments) VALUES (@Account, @after) ON CONFLICT (account) DO UPDATE SET payments = excluded.payments", new { paid.Account, after = before + 1 });
    }
}
