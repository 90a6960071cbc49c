using FlowPlatform.Log;

namespace FlowPlatform.Testing.Conforming;

/// <content>The process ends, and starts again on the same file.</content>
internal sealed partial class ConformanceRun
{
    private const string Remembers =
        "What it keeps outside its tables (a field, something static, a file, another store) is not rolled back with its transaction, or not there after a restart. A projection's rows are all that it may remember.";

    /// <summary>At each position the process ends within the transaction; then the event comes again, as nothing was committed.</summary>
    private async Task<bool> CrashAsync(Crash where, string what)
    {
        var file = await NewFileAsync();
        var life = await StartAsync(subject, file);
        try
        {
            for (var index = 0; index < order.Count; index++)
            {
                var crashes = positions.Contains(index);
                if (crashes)
                {
                    ThrowIfLate(what);
                    await life.CrashAsync(where, [order[index]]);
                    await life.DisposeAsync();
                    life = await StartAsync(subject, file);
                }

                await life.ApplyAsync([order[index]]);
                ThrowIfParked(life, $"{what} at {Show(index)}");
                if (crashes)
                {
                    await RequireAsync(life.Store, index, $"{what} at {Show(index)} leaves other rows", Remembers);
                }
            }

            return true;
        }
        finally
        {
            await life.DisposeAsync();
        }
    }

    /// <summary>After each position the process ends with everything committed; the next one begins to read there, or at the very beginning.</summary>
    private async Task<bool> RestartAsync(bool again, string what)
    {
        var file = await NewFileAsync();
        var life = await StartAsync(subject, file);
        try
        {
            for (var index = 0; index < order.Count; index++)
            {
                await life.ApplyAsync([order[index]]);
                ThrowIfParked(life, $"{what}, before {Show(index)}");
                if (!positions.Contains(index))
                {
                    continue;
                }

                ThrowIfLate(what);
                await life.DisposeAsync();
                life = await StartAsync(subject, file);
                if (again)
                {
                    await life.ApplyAsync([.. order.Take(index + 1)]);
                }

                await RequireAsync(life.Store, index, $"{what}, at {Show(index)}, leaves other rows", Remembers);
            }

            await RequireAsync(life.Store, null, $"{what}, at each of {positions.Count} positions, leaves other rows in the end", Remembers);
            return true;
        }
        finally
        {
            await life.DisposeAsync();
        }
    }
}
