namespace FlowPlatform.Events;

/// <summary>
/// Marks what identifies a person in events, commands and HTTP bodies, and text that may name one. Such values are kept in the log and in private stores only: never in spans, metrics, logs, messages of
/// exceptions, or partition keys, which all of these show. <c>EventContracts</c> of FlowPlatform.Testing looks for fields that lack the mark.
/// </summary>
[AttributeUsage(AttributeTargets.Property | AttributeTargets.Parameter)]
public sealed class PersonalDataAttribute : Attribute;
