namespace FlowPlatform.Tidy.Tests;

public sealed class ReferenceTests
{
    private static readonly SourceFile[] Files = [new("docs/other.md", ""), new("docs/decisions/0001-first.md", ""), new("src/Platform/Writer.cs", ""), new("tests/Any.cs", "\n    public async Task It_does_what_it_says()\n")];

    [Fact]
    public void Documents_point_to_what_is_there() => References.Dead(Repository.Files, Repository.Files).ShouldBeEmpty();

    [Theory]
    [InlineData("[other](other.md), [all](decisions/), [one](decisions/0001-first.md#why), [root](../src/Platform/Writer.cs), [web](https://example.org/none)")]
    [InlineData("`Writer.cs` and `src/Platform/Writer.cs`, but `Writer` and Reader.cs are no paths")]
    [InlineData("`It_does_what_it_says`, and `FLOW_TEST_SEED_OF_A_RUN` is no test")]
    public void A_reference_to_what_is_there_is_sound(string text) => References.Dead([new("docs/any.md", text)], Files).ShouldBeEmpty();

    [Theory]
    [InlineData("[gone](gone.md)")]
    [InlineData("[other](decisions/other.md)")]
    [InlineData("`Reader.cs`")]
    [InlineData("`Platform/Reader/Writer.cs`")]
    [InlineData("`It_does_what_it_said`")]
    public void A_reference_to_nothing_is_found(string text) => References.Dead([new("docs/any.md", text)], Files).ShouldHaveSingleItem();
}
