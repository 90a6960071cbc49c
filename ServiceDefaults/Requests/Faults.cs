using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace ServiceDefaults;

/// <summary>Collects everything that is wrong with a request, so that one answer names it all. Not safe for concurrent use.</summary>
public sealed class Faults
{
    private readonly Dictionary<string, List<string>> faults = new(StringComparer.Ordinal);

    /// <summary>True if there is at least one fault.</summary>
    public bool Any => faults.Count > 0;

    /// <summary>The faults by field; a field is named as in JSON, e.g. <c>lines[3].quantity</c>.</summary>
    public IReadOnlyDictionary<string, string[]> Errors => faults.ToDictionary(fault => fault.Key, fault => fault.Value.ToArray(), StringComparer.Ordinal);

    /// <summary>Adds a fault unless the condition holds.</summary>
    /// <param name="condition">What must hold.</param>
    /// <param name="field">The field, as in JSON.</param>
    /// <param name="message">What is asked for, as a sentence.</param>
    /// <returns>The condition, to skip checks that make no sense without it.</returns>
    public bool Require(bool condition, string field, string message)
    {
        if (!condition)
        {
            Add(field, message);
        }

        return condition;
    }

    /// <summary>Adds a fault.</summary>
    public void Add(string field, string message)
    {
        if (!faults.TryGetValue(field, out var messages))
        {
            faults.Add(field, messages = []);
        }

        messages.Add(message);
    }

    /// <summary>400 with problem details that name every fault.</summary>
    public ValidationProblem ToProblem() => TypedResults.ValidationProblem(
        Errors, title: "The request is invalid.", detail: string.Join(" ", faults.SelectMany(fault => fault.Value.Select(message => $"{fault.Key}: {message}"))));
}
