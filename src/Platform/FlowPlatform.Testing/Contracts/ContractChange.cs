namespace FlowPlatform.Testing.Contracts;

/// <summary>A difference between a contract and what is kept of it.</summary>
/// <param name="Compatible">Old events can still be read, and new ones by whoever reads the old contract.</param>
/// <param name="Text">Names type and field, and says what is wrong or new.</param>
internal sealed record ContractChange(bool Compatible, string Text)
{
    private const string Cure = "Leave it as it was, and declare a new version of the event, which the old one upcasts to";

    /// <summary>What has changed since a description was kept.</summary>
    public static IEnumerable<ContractChange> Between(EventContract kept, EventContract now)
    {
        if (kept.Key != now.Key)
        {
            yield return Broken($"{now.Type}: the key was {NameOf(kept.Key)} and is {NameOf(now.Key)}. Events of one key would be in two partitions, and their order lost. {Cure}.");
        }

        foreach (var (path, was) in kept.Fields)
        {
            if (!now.Fields.TryGetValue(path, out var field))
            {
                yield return Broken($"{now.Type}: field '{path}' ({was}) is gone, or has another name. Who reads it finds nothing. {Cure}.");
                continue;
            }

            foreach (var change in Between(now.Type, path, was, field))
            {
                yield return change;
            }
        }

        foreach (var (path, field) in now.Fields.Where(field => !kept.Fields.ContainsKey(field.Key)))
        {
            yield return field.Required && !kept.Fields.IsBelowNew(path, now.Fields)
                ? Broken($"{now.Type}: field '{path}' ({field}) is new and required, but events of before lack it. Make it nullable, or declare a new version of the event.")
                : new ContractChange(true, $"{now.Type}: field '{path}' ({field}) is new.");
        }
    }

    private static IEnumerable<ContractChange> Between(string type, string path, EventField was, EventField now)
    {
        if (was.Kind != now.Kind)
        {
            yield return Broken($"{type}: field '{path}' was {was.Kind} and is {now.Kind}. {Cure}.");
        }

        if (was.Required != now.Required)
        {
            yield return Broken(now.Required
                ? $"{type}: field '{path}' was optional and is required: events of before may lack it. {Cure}."
                : $"{type}: field '{path}' was required and is optional: who reads the contract of before can't read events without it. {Cure}.");
        }

        if (was.Personal != now.Personal)
        {
            yield return now.Personal
                ? new ContractChange(true, $"{type}: field '{path}' is marked [PersonalData] now.")
                : Broken($"{type}: field '{path}' was marked [PersonalData] and is not any more. Mark it again.");
        }
    }

    private static ContractChange Broken(string text) => new(false, text);

    private static string NameOf(string? key) => key is null ? "the event's id" : $"'{key}'";
}

/// <summary>Paths of fields.</summary>
internal static class FieldPaths
{
    /// <summary>True if the field is part of one that is new and optional itself: where that is missing, nothing of it is asked for.</summary>
    public static bool IsBelowNew(this IReadOnlyDictionary<string, EventField> kept, string path, IReadOnlyDictionary<string, EventField> now) =>
        now.Any(parent => !kept.ContainsKey(parent.Key) && !parent.Value.Required && path.Length > parent.Key.Length
            && path.StartsWith(parent.Key, StringComparison.Ordinal) && path[parent.Key.Length] is '.' or '[' or '{');
}
