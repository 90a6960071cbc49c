using System.Runtime.InteropServices;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Supervision;

internal static class DotnetHost
{
    private static readonly Lazy<string> Located = new(Locate);

    /// <summary>The <c>dotnet</c> that runs this process, else the one in PATH.</summary>
    public static string Path => Located.Value;

    private static string Locate()
    {
        var name = OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet";
        // …/dotnet/shared/Microsoft.NETCore.App/10.0.0/
        var root = System.IO.Path.GetFullPath(System.IO.Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", ".."));
        var ours = System.IO.Path.Combine(root, name);
        return File.Exists(ours) ? ours : Executables.Find("dotnet") ?? name;
    }
}
