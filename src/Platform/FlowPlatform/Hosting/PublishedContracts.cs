using System.Reflection;
using FlowPlatform.Events;

namespace FlowPlatform.Hosting;

/// <summary>A type of event that a service publishes.</summary>
/// <param name="Type">Its name on the wire.</param>
/// <param name="Stream">The stream that it goes to.</param>
/// <param name="Personal">Its fields that are personal data, as <see cref="PersonalData.FieldsOf"/> names them.</param>
public sealed record PublishedContract(string Type, string Stream, IReadOnlyList<string> Personal);

/// <summary>The contracts of what a service publishes: whoever shows its events knows from them what to mask. Immutable; safe for concurrent use.</summary>
public static class PublishedContracts
{
    /// <summary>All versions of all events that the service's streams were declared for, in the assembly of the declared type; ordered by name.</summary>
    public static IReadOnlyList<PublishedContract> Of(FlowDefinition flow) =>
    [
        .. from declared in flow.Published.EventTypes
           let stream = flow.Published.StreamOf(declared).Name
           from type in declared.Assembly.GetTypes()
           where declared.IsAssignableFrom(type) && !type.IsAbstract && type.GetCustomAttribute<EventAttribute>() is not null
           let name = EventType.Of(type).Name
           orderby name
           select new PublishedContract(name, stream, PersonalData.FieldsOf(type)),
    ];
}
