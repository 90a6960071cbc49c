using FlowPlatform.Consumers;
using FlowPlatform.Outbox;

namespace FlowPlatform.Tests.Identity;

/// <summary>Whoever reads a message finds it on the page that says what to do about it.</summary>
public sealed class OperationsPageTests
{
    public static TheoryData<string> Cases => [.. Enum.GetNames<LogIdentityCase>().Concat(Enum.GetNames<OutboxIdentityCase>())];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_way_in_which_a_log_can_differ_is_on_the_page(string name) => Page().ShouldContain($"({name})");

    private static string Page()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "FlowPlatform.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests run outside of the repository.");
        }

        return File.ReadAllText(Path.Combine(folder.FullName, "docs", "operations.md"));
    }
}
