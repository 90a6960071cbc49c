global using Map = System.Collections.Generic.OrderedDictionary<string, object>;

using YamlDotNet.Core;
using YamlDotNet.Serialization;
using YamlDotNet.Serialization.EventEmitters;

namespace FlowPlatform.Orchestration.Publishing.Output;

/// <summary>YAML that is always the same for the same content: keys in the order in which they were put in, no anchors, texts of several lines as blocks.</summary>
internal static class Yaml
{
    private static readonly ISerializer Serializer = new SerializerBuilder()
        .DisableAliases()
        .WithIndentedSequences()
        .WithNewLine("\n")
        // 1.1, which Kubernetes' and Docker's parsers follow in part: "on" and "1_000" are not texts there.
        .WithQuotingNecessaryStrings(quoteYaml1_1Strings: true)
        .WithEventEmitter(static next => new Blocks(next))
        .Build();

    /// <summary>One file; documents are separated by <c>---</c>.</summary>
    public static string Write(string comment, params IEnumerable<Map> documents) =>
        string.Concat(comment.Split('\n').Select(static line => $"# {line}\n")) + string.Join("---\n", documents.Select(static document => Serializer.Serialize(document)));

    private sealed class Blocks(IEventEmitter next) : ChainedEventEmitter(next)
    {
        public override void Emit(ScalarEventInfo eventInfo, IEmitter emitter)
        {
            if (eventInfo.Source.Value is string text && text.Contains('\n', StringComparison.Ordinal))
            {
                eventInfo.Style = ScalarStyle.Literal;
            }
            base.Emit(eventInfo, emitter);
        }
    }
}
