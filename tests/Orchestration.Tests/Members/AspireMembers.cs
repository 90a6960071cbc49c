using System.Collections.Immutable;
using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace FlowPlatform.Orchestration.Tests.Members;

/// <summary>
/// Members of the <c>Aspire.*</c> namespaces, read from an assembly's metadata: those that it uses from elsewhere, and those that it offers itself.
/// One line each: <c>T Aspire.Hosting.Type</c> or <c>M Aspire.Hosting.Type::Method(parameters) : result</c>.
/// </summary>
internal sealed class AspireMembers : IDisposable
{
    private const string Namespace = "Aspire.";

    /// <summary>What the compiler adds to every record.</summary>
    private static readonly string[] OfRecords = ["Equals", "GetHashCode", "ToString", "op_Equality", "op_Inequality", "Deconstruct", "<Clone>$"];

    private readonly PEReader file;
    private readonly MetadataReader metadata;

    public AspireMembers(string assembly)
    {
        file = new PEReader(File.OpenRead(assembly));
        metadata = file.GetMetadataReader();
    }

    public void Dispose() => file.Dispose();

    public IEnumerable<string> Used()
    {
        foreach (var handle in metadata.TypeReferences)
        {
            var name = SignatureNames.Of(metadata, handle);
            if (name.StartsWith(Namespace, StringComparison.Ordinal))
            {
                yield return $"T {name}";
            }
        }
        foreach (var handle in metadata.MemberReferences)
        {
            var member = metadata.GetMemberReference(handle);
            if (ParentOf(member.Parent) is { } parent && parent.StartsWith(Namespace, StringComparison.Ordinal))
            {
                yield return member.GetKind() == MemberReferenceKind.Field
                    ? Field(parent, metadata.GetString(member.Name), member.DecodeFieldSignature(SignatureNames.Instance, null))
                    : Method(parent, metadata.GetString(member.Name), member.DecodeMethodSignature(SignatureNames.Instance, null));
            }
        }
    }

    public IEnumerable<string> Offered()
    {
        foreach (var handle in metadata.TypeDefinitions)
        {
            var type = metadata.GetTypeDefinition(handle);
            var name = SignatureNames.Of(metadata, handle);
            if (!name.StartsWith(Namespace, StringComparison.Ordinal) || !IsVisible(type))
            {
                continue;
            }
            yield return $"T {name}";
            foreach (var member in type.GetMethods().Select(metadata.GetMethodDefinition).Where(IsPublic))
            {
                var method = metadata.GetString(member.Name);
                if (!OfRecords.Contains(method) && !method.Contains("EqualityContract", StringComparison.Ordinal))
                {
                    yield return Method(name, method, member.DecodeSignature(SignatureNames.Instance, null));
                }
            }
            foreach (var field in type.GetFields().Select(metadata.GetFieldDefinition).Where(field => (field.Attributes & FieldAttributes.FieldAccessMask) == FieldAttributes.Public))
            {
                if ((field.Attributes & FieldAttributes.SpecialName) == 0)
                {
                    yield return Field(name, metadata.GetString(field.Name), field.DecodeSignature(SignatureNames.Instance, null));
                }
            }
        }
    }

    private bool IsVisible(TypeDefinition type) => (type.Attributes & TypeAttributes.VisibilityMask) switch
    {
        TypeAttributes.Public => true,
        TypeAttributes.NestedPublic => IsVisible(metadata.GetTypeDefinition(type.GetDeclaringType())),
        _ => false,
    };

    /// <summary>Interface members of their own, too; explicit implementations are private.</summary>
    private static bool IsPublic(MethodDefinition method) => (method.Attributes & MethodAttributes.MemberAccessMask) == MethodAttributes.Public;

    private string? ParentOf(EntityHandle parent) => parent.Kind switch
    {
        HandleKind.TypeReference => SignatureNames.Of(metadata, (TypeReferenceHandle)parent),
        HandleKind.TypeSpecification => metadata.GetTypeSpecification((TypeSpecificationHandle)parent).DecodeSignature(SignatureNames.Instance, null).Split('<')[0],
        _ => null,
    };

    private static string Field(string type, string name, string fieldType) => $"M {type}::{name} : {fieldType}";

    private static string Method(string type, string name, MethodSignature<string> signature) =>
        $"M {type}::{name}{(signature.GenericParameterCount > 0 ? $"`{signature.GenericParameterCount}" : "")}({string.Join(", ", signature.ParameterTypes)}) : {signature.ReturnType}";
}
