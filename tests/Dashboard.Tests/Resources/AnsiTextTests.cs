using FlowPlatform.Dashboard.Resources;

namespace FlowPlatform.Dashboard.Tests.Resources;

public sealed class AnsiTextTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("\u001b[32minfo\u001b[39m\u001b[22m\u001b[49m: done", "{ansi-2}info{}: done")]
    [InlineData("\u001b[1;31mfail\u001b[0m ok", "{ansi-bold ansi-1}fail{} ok")]
    [InlineData("\u001b[38;5;31mfine\u001b[0m", "fine")]
    [InlineData("\u001b[38;2;1;31;32mfine", "fine")]
    [InlineData("\u001b[2K\u001b[1Gline", "line")]
    [InlineData("\u001b]8;;http://example.org\u001b\\link\u001b]8;;\u001b\\!", "link{}!")]
    [InlineData("\u001b]0;title\u0007text", "text")]
    [InlineData("cut \u001b[3", "cut ")]
    [InlineData("cut \u001b", "cut ")]
    [InlineData("bell\u0007 and\tatab", "bell{} and\tatab")]
    [InlineData("", "")]
    public void Colours_become_classes_and_other_sequences_go(string line, string expected)
    {
        var runs = AnsiText.Parse(line);
        string.Concat(runs.Select((run, index) => run.Style is null ? (index == 0 ? "" : "{}") + run.Text : $"{{{run.Style}}}{run.Text}")).ShouldBe(expected);
        AnsiText.Strip(line).ShouldNotContain("\u001b");
    }

    [Fact]
    public void Nothing_that_a_process_writes_breaks_it()
    {
        var random = new Random(1);
        var letters = "\u001b[]0123456789;mKABC\\\u0007 x\0\r".ToCharArray();
        for (var round = 0; round < 20_000; round++)
        {
            var line = new string(random.GetItems(letters, random.Next(24)));
            AnsiText.Strip(line).ShouldAllBe(character => character >= ' ' || character == '\t', line);
        }
    }
}
