using System.Reflection;
using System.Text;
using FlowPlatform.Events;

namespace FlowPlatform.Testing.Contracts;

/// <summary>Looks for personal data in events, commands and HTTP bodies that lacks the mark <see cref="PersonalDataAttribute"/>. Safe for concurrent use.</summary>
public static class PersonalFields
{
    private static readonly HashSet<string> Persons = new(StringComparer.Ordinal)
    {
        "customer", "client", "buyer", "guest", "consumer", "person", "people", "patient", "user", "username", "login", "member", "employee", "holder", "contact", "recipient", "addressee",
        "email", "mail", "phone", "mobile", "fax", "address", "street", "zip", "postcode", "postal", "birth", "birthday", "birthdate", "born", "gender", "sex", "nationality", "religion", "passport",
        "ssn", "iban", "card", "pan", "name", "names", "surname", "firstname", "lastname", "fullname", "forename", "nickname", "ip", "latitude", "longitude", "signature",
    };

    private static readonly HashSet<string> FreeText = new(StringComparer.Ordinal) { "description", "comment", "comments", "note", "notes", "remark", "remarks", "text" };

    /// <summary>The fields of a type that are marked, by path, e.g. <c>customerId</c>.</summary>
    public static IReadOnlyList<string> MarkedIn(Type type) => [.. FieldsOf(type).Where(field => field.Value.Personal).Select(field => field.Key)];

    /// <summary>
    /// Fails where a field's name sounds as if it identified a person (<c>customerId</c>, <c>deliveryAddress</c>), or as if it were free text that may name one, and has no mark; and where a partition
    /// key is marked, since keys are shown wherever events are.
    /// </summary>
    /// <param name="types">Events, commands, bodies.</param>
    /// <param name="harmless">Fields that only sound so, as <c>Type.field</c>, e.g. <c>ProductAdded.name</c>.</param>
    /// <exception cref="FlowTestException">Names every field. Or <paramref name="harmless"/> names one that doesn't exist or doesn't need it.</exception>
    public static void ThrowIfUnmarked(IEnumerable<Type> types, params IReadOnlyCollection<string> harmless)
    {
        var faults = new List<string>();
        var spared = harmless.ToHashSet(StringComparer.Ordinal);
        foreach (var type in types)
        {
            foreach (var (path, field) in FieldsOf(type))
            {
                if (!field.Personal && Suspicion(path) is { } suspicion && !spared.Remove($"{type.Name}.{path}"))
                {
                    faults.Add($"{type.Name}.{path} {suspicion}: mark it [PersonalData], or say that '{type.Name}.{path}' is harmless.");
                }
            }

            if (type.GetCustomAttribute<EventAttribute>()?.Key is { } key && FieldsOf(type).TryGetValue(FlowJson.Options.PropertyNamingPolicy!.ConvertName(key), out var keyed) && keyed.Personal)
            {
                faults.Add($"{type.Name} has personal data for its key, '{key}': keys are in error messages, in the log's routing and on administrators' screens. Use an id that means nothing outside.");
            }
        }

        faults.AddRange(spared.Order(StringComparer.Ordinal).Select(name => $"'{name}' is called harmless, but there is no such field, or its name sounds harmless anyway."));
        if (faults.Count > 0)
        {
            throw new FlowTestException(string.Join(Environment.NewLine, faults));
        }
    }

    private static SortedDictionary<string, EventField> FieldsOf(Type type)
    {
        var fields = new SortedDictionary<string, EventField>(StringComparer.Ordinal);
        FieldWalk.Collect(type, fields);
        return fields;
    }

    private static string? Suspicion(string path)
    {
        var words = WordsOf(path[(path.LastIndexOf('.') + 1)..]);
        return words.FirstOrDefault(Persons.Contains) is { } word ? $"sounds like personal data ('{word}')"
            : words.FirstOrDefault(FreeText.Contains) is { } text ? $"may be free text ('{text}'), which may name a person"
            : null;
    }

    /// <summary>customer and id of customerId.</summary>
    private static List<string> WordsOf(string name)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && word.Length > 0)
            {
                words.Add(word.ToString());
                word.Clear();
            }

            if (char.IsLetter(letter))
            {
                word.Append(char.ToLowerInvariant(letter));
            }
        }

        words.Add(word.ToString());
        return words;
    }
}
