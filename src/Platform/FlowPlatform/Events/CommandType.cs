using System.Reflection;

namespace FlowPlatform.Events;

/// <summary>Names of commands.</summary>
public static class CommandType
{
    /// <summary>The command's name, which is its queue.</summary>
    /// <exception cref="ArgumentException">The type has no <see cref="CommandAttribute"/>.</exception>
    public static string NameOf(Type type) =>
        type.GetCustomAttribute<CommandAttribute>()?.Name ?? throw new ArgumentException($"{type.Name} is no command: it has no [Command(\"…\")] attribute.");
}
