using System.Reflection;

namespace FlowPlatform.Dashboard.Tests.Support;

/// <summary>Requests that exporters of other languages have sent (Recorded/README.md).</summary>
internal static class Recorded
{
    public static byte[] Read(string name)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not embedded.");
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
