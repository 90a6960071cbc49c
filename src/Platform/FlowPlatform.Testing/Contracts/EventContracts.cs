using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using FlowPlatform.Events;

namespace FlowPlatform.Testing.Contracts;

/// <summary>
/// Guards the contracts of an assembly's events: what was promised once is kept in files, in <c>schemas/</c> and <c>samples/</c> of a folder of the repository, one per type and version, and compared.
/// Events stay in the log for ever, so a contract can grow, but never change. Safe for concurrent use, but for <see cref="Keep"/>.
/// </summary>
public sealed class EventContracts
{
    private static readonly JsonSerializerOptions Indented = new(FlowJson.Options) { WriteIndented = true, NewLine = "\n" };
    private readonly string folder;

    /// <summary>Finds the events that an assembly declares.</summary>
    /// <param name="assembly">The assembly with the records that carry <see cref="EventAttribute"/>.</param>
    /// <param name="folder">Where descriptions and samples are kept.</param>
    /// <exception cref="FlowTestException">Two records claim one name, or it declares no event.</exception>
    public EventContracts(Assembly assembly, string folder)
        : this(assembly.GetTypes().Where(type => type.IsDefined(typeof(EventAttribute), inherit: false)), folder)
    {
    }

    /// <summary>Takes the events one by one.</summary>
    /// <param name="types">Records that carry <see cref="EventAttribute"/>.</param>
    /// <param name="folder">Where descriptions and samples are kept.</param>
    /// <exception cref="FlowTestException">Two records claim one name, or there is none.</exception>
    public EventContracts(IEnumerable<Type> types, string folder)
    {
        this.folder = folder;
        var found = types.GroupBy(type => EventType.Of(type).Name, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).ToList();
        if (found.FirstOrDefault(group => group.Count() > 1) is { } twice)
        {
            throw new FlowTestException($"{twice.Key} is declared by {string.Join(" and by ", twice.Select(type => type.Name))}.");
        }

        Types = found.Count > 0 ? found.ToDictionary(group => group.Key, group => group.Single(), StringComparer.Ordinal) : throw new FlowTestException("There is no event to guard.");
    }

    /// <summary>The records, by name of the event.</summary>
    public IReadOnlyDictionary<string, Type> Types { get; }

    /// <summary>
    /// Fails if a contract has changed so that old events, or whoever reads the old contract, are lost: a field removed, renamed, of another type, newly required or no longer required; another key;
    /// a type gone or renamed; a mark of personal data removed. A new optional field and a new type are compatible.
    /// </summary>
    /// <exception cref="FlowTestException">Names every type and field, and the cure.</exception>
    public void ThrowIfIncompatible()
    {
        var broken = Changes().Where(change => !change.Compatible).Select(change => change.Text).ToList();
        ThrowIfAny(broken, "Contracts have changed incompatibly; events of before are in the log for ever:");
    }

    /// <summary>Fails if something new is not kept yet, or a type has no sample.</summary>
    /// <exception cref="FlowTestException">Names the file to add or to update.</exception>
    public void ThrowIfNotKept()
    {
        var missing = Changes().Where(change => change.Compatible).Select(change => change.Text)
            .Concat(Types.Keys.Where(type => !File.Exists(SampleFile(type))).Select(type => $"{type}: there is no sample. Add {SampleFile(type)} with every field, optional ones included."))
            .ToList();
        ThrowIfAny(missing, "Contracts have grown, which is compatible, but it isn't kept yet (run with FLOW_UPDATE_GOLDEN=1 and commit the difference; samples are written by hand):");
    }

    /// <summary>Keeps what is new and compatible. Never what is not: that fails before anything is written.</summary>
    /// <exception cref="FlowTestException">As of <see cref="ThrowIfIncompatible"/>.</exception>
    public void Keep()
    {
        ThrowIfIncompatible();
        Directory.CreateDirectory(Path.Combine(folder, "schemas"));
        foreach (var (name, type) in Types)
        {
            File.WriteAllText(SchemaFile(name), EventContract.Of(type).ToJson().ToJsonString(Indented) + "\n");
        }
    }

    /// <summary>The sample of a type: the JSON of an event of that version as it was written once.</summary>
    /// <exception cref="FlowTestException">
    /// There is none, or it lacks a field, or has one that the contract doesn't know, or comes back in another form when it was read and is written again. Or its version has an upcaster that changes the
    /// key, or doesn't give the same every time.
    /// </exception>
    public JsonObject SampleOf(string type)
    {
        var file = SampleFile(type);
        if (!File.Exists(file))
        {
            throw new FlowTestException($"{type}: there is no sample. Add {file} with every field, optional ones included.");
        }

        try
        {
            var text = File.ReadAllText(file);
            var sample = JsonNode.Parse(text)!.AsObject();
            var @event = FlowJson.Deserialize(System.Text.Encoding.UTF8.GetBytes(text), Types[type]);
            SampleCheck.ThrowIfDifferent(type, file, EventContract.Of(Types[type]), sample, JsonNode.Parse(FlowJson.Serialize(@event))!.AsObject());
            UpcastCheck.ThrowIfUnsound(@event);
            return sample;
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new FlowTestException($"{type}: {file} is no such event: {fault.Message}", fault);
        }
    }

    private IEnumerable<ContractChange> Changes()
    {
        foreach (var (name, type) in Types)
        {
            var now = EventContract.Of(type);
            if (!File.Exists(SchemaFile(name)))
            {
                yield return new ContractChange(true, $"{name} is new: {SchemaFile(name)} is missing.");
                continue;
            }

            foreach (var change in ContractChange.Between(EventContract.Parse(File.ReadAllText(SchemaFile(name)), SchemaFile(name)), now))
            {
                yield return change;
            }
        }

        foreach (var gone in KeptTypes().Where(kept => !Types.ContainsKey(kept)))
        {
            yield return new ContractChange(
                false, $"{gone} is gone, or has another name. Its events stay in the log, and consumers skip what they don't know: keep its record, and let it upcast to the version that replaces it.");
        }
    }

    private IEnumerable<string> KeptTypes() => Directory.Exists(Path.Combine(folder, "schemas"))
        ? Directory.GetFiles(Path.Combine(folder, "schemas"), "*.json").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)
        : [];

    private string SchemaFile(string type) => Path.Combine(folder, "schemas", $"{type}.json");

    private string SampleFile(string type) => Path.Combine(folder, "samples", $"{type}.json");

    private static void ThrowIfAny(List<string> faults, string headline)
    {
        if (faults.Count > 0)
        {
            throw new FlowTestException(string.Join(Environment.NewLine, faults.Select(fault => $"  {fault}").Prepend(headline)));
        }
    }
}
