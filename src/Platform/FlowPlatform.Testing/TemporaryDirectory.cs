namespace FlowPlatform.Testing;

/// <summary>A directory of one test, gone with it. Safe for concurrent use but for <see cref="Dispose"/>.</summary>
public sealed class TemporaryDirectory : IDisposable
{
    /// <summary>Where it is.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("flow-test-").FullName;

    /// <summary>Deletes it with everything in it.</summary>
    public void Dispose()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
