using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.ApplicationModel
{
    /// <summary>A .NET project, run from its built output.</summary>
    public sealed class ProjectResource(string name) : Resource(name),
        IResourceWithEnvironment, IResourceWithArgs, IResourceWithServiceDiscovery, IResourceWithWaitSupport;
}

namespace FlowPlatform.Orchestration
{
    /// <summary>What build/ProjectMetadata.targets generates for a referenced project: also where its built assembly is.</summary>
    public interface IBuiltProjectMetadata : Aspire.Hosting.IProjectMetadata
    {
        /// <summary>The full path of the built assembly.</summary>
        string TargetPath { get; }

        /// <summary>What it is built as: Debug, unless it says otherwise.</summary>
        string Configuration => "Debug";
    }
}
