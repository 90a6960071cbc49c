using System.Text;
using FlowPlatform.Dashboard.Events;
using FlowPlatform.Events;

namespace FlowPlatform.Dashboard.Tests.Events;

/// <summary>Personal data is not shown unasked.</summary>
public sealed class PayloadTests
{
    private const string Json = """{"orderId":"536365","customerId":"17850","delivery":{"street":"High Street 1","country":"UK"},"lines":[{"code":"A","note":"for Ann"},{"code":"B","note":null}],"answers":{"q1":{"text":"secret"}}}""";

    private static readonly string[] Personal = ["customerId", "delivery.street", "lines[].note", "answers{}.text"];

    [Fact]
    public void Marked_fields_are_masked_wherever_they_are()
    {
        var shown = Show(Json, Personal);
        shown.Masked.ShouldBe(4);
        foreach (var secret in new[] { "17850", "High Street", "Ann", "secret" })
        {
            shown.Text.ShouldNotContain(secret);
        }

        shown.Text.ShouldContain("\"orderId\": \"536365\"");
        shown.Text.ShouldContain("\"country\": \"UK\"");
        shown.Text.ShouldContain("\"note\": null");
    }

    [Fact]
    public void Everything_is_shown_on_request()
    {
        var shown = Show(Json, Personal, reveal: true);
        shown.Masked.ShouldBe(0);
        shown.Text.ShouldContain("17850");
        shown.Text.ShouldContain("secret");
    }

    [Fact]
    public void Of_a_type_that_nobody_has_told_about_no_value_is_shown()
    {
        var shown = Show(Json, null);
        foreach (var value in new[] { "536365", "17850", "UK", "Ann", "secret" })
        {
            shown.Text.ShouldNotContain(value);
        }

        shown.Text.ShouldContain("orderId");
        shown.Note.ShouldNotBeNull();
    }

    [Fact]
    public void A_name_in_other_letters_is_masked_too() => Show("""{"CustomerID":"17850"}""", Personal).Text.ShouldNotContain("17850");

    [Theory]
    [InlineData("no json of 17850")]
    [InlineData("{\"customerId\":\"17850\"")]
    public void What_is_no_json_is_shown_on_request_only(string data)
    {
        Show(data, Personal).Text.ShouldBeEmpty();
        Show(data, Personal, reveal: true).Text.ShouldBe(data);
    }

    [Fact]
    public void What_is_shown_is_bounded()
    {
        Show($$"""{"text":"{{new string('x', 200_000)}}"}""", []).Text.Length.ShouldBeLessThanOrEqualTo(65_536);
        var large = Show($$"""{"text":"{{new string('x', 400_000)}}"}""", []);
        large.Text.ShouldBeEmpty();
        large.Note.ShouldNotBeNull();
    }

    [Fact]
    public void A_contract_tells_its_marked_fields() => PersonalData.FieldsOf(typeof(Letter)).ShouldBe(["to.name", "lines[].text", "notes", "secret"], ignoreOrder: true);

    private static Payload Show(string data, string[]? personal, bool reveal = false) => Payload.Of(Encoding.UTF8.GetBytes(data), personal, reveal);

    private sealed record Letter(string Id, Person To, IReadOnlyList<Line> Lines, [PersonalData] IReadOnlyDictionary<string, string> Notes, [PersonalData] Person? Secret);

    private sealed record Person([property: PersonalData] string Name, string Country);

    private sealed record Line(int Number, [PersonalData] string Text);
}
