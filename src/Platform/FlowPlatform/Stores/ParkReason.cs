namespace FlowPlatform.Stores;

/// <summary>Why an event could not be applied: what the handler threw, bounded. It holds nothing else of the event.</summary>
/// <param name="Exception">Type of the exception.</param>
/// <param name="Message">Its message, and those of its causes; at most 1,000 characters.</param>
/// <param name="Stack">Where it was thrown; at most 4,000 characters; null if unknown.</param>
public sealed record ParkReason(string Exception, string Message, string? Stack)
{
    private const int MaxType = 200;
    private const int MaxMessage = 1_000;
    private const int MaxStack = 4_000;
    private const int MaxCauses = 5;

    /// <summary>What an exception says.</summary>
    public static ParkReason Of(Exception thrown)
    {
        var messages = new List<string>();
        for (var cause = thrown; cause is not null && messages.Count < MaxCauses; cause = cause.InnerException)
        {
            messages.Add(cause.Message);
        }

        return new ParkReason(
            Bound(thrown.GetType().FullName ?? thrown.GetType().Name, MaxType), Bound(string.Join(" < ", messages), MaxMessage), thrown.StackTrace is { } stack ? Bound(stack, MaxStack) : null);
    }

    /// <summary>Cut between characters, and without what a database may refuse in a text.</summary>
    private static string Bound(string text, int max)
    {
        var cut = text.Length <= max ? text : char.IsHighSurrogate(text[max - 1]) ? text[..(max - 1)] : text[..max];
        return cut.Replace('\0', ' ');
    }
}
