namespace WatchedWords;

/// <summary>What both services refer to: a test changes it.</summary>
public static class Words
{
    public static string Greeting => "one";
}
