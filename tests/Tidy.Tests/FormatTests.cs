using System.Diagnostics;
using Shouldly;
using Xunit;

namespace FlowPlatform.Tidy.Tests;

public sealed class FormatTests
{
    [Fact]
    public async Task The_formatter_has_nothing_to_change()
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = Repository.FindRoot(), RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["format", "whitespace", "--folder", "--verify-no-changes"])
        {
            start.ArgumentList.Add(argument);
        }

        using var format = Process.Start(start)!;
        var output = format.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = format.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        try
        {
            await format.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromMinutes(3), TestContext.Current.CancellationToken);
        }
        finally
        {
            format.Kill(entireProcessTree: true);
        }

        format.ExitCode.ShouldBe(0, $"`dotnet format whitespace --folder` mends what it names:\n{await output}{await errors}");
    }
}
