using Aspire.Hosting.Testing;
using Shouldly;
using Xunit;

namespace FlowPlatform.AppHost.Tests;

/// <summary>What becomes of an AppHost that is not run to its end.</summary>
public sealed class EntryPointTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_wrong_command_line_is_told_to_the_test() =>
        (await Should.ThrowAsync<Exception>(() => DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(["--rate", "0/s"], Token))).ShouldNotBeOfType<OperationCanceledException>();

    [Fact]
    public async Task What_is_not_built_or_not_started_is_given_up()
    {
        var folder = Directory.CreateTempSubdirectory("flow-test-");
        string[] flags = ["--orders", "1", "--data", folder.FullName, "--broker", "embedded", "--no-dashboard"];
        await using (await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(flags, Token))
        {
            // Nothing was asked of it.
        }

        await using (var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(flags, Token))
        {
            await using var app = await builder.BuildAsync(Token);
            app.Services.ShouldNotBeNull();
            Should.Throw<InvalidOperationException>(() => app.GetEndpoint("orders"));
        }

        folder.Delete(recursive: true);
    }
}
