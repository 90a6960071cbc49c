using System.Collections.Concurrent;
using System.Diagnostics;
using FlowPlatform.Orchestration.Supervision;
using YamlDotNet.Serialization;

namespace FlowPlatform.EndToEnd.Tests.Publishing;

/// <summary>What the real AppHost publishes, in a folder of the test's.</summary>
internal sealed class Publication : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    private static readonly ConcurrentDictionary<string, Lazy<Task<IReadOnlyList<MadeFile>>>> Made = new(StringComparer.Ordinal);

    private static readonly IDeserializer Reader = new DeserializerBuilder().Build();

    public string Folder { get; } = Directory.CreateTempSubdirectory("flow-publish-").FullName;

    /// <summary>Paths below the folder, the list of what was written left out.</summary>
    public IReadOnlyList<string> Files =>
        [.. Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Folder, file)).Where(file => file != ".published.json").Order(StringComparer.Ordinal)];

    /// <summary>Published once for each command line, and a copy of that for each test: an AppHost takes a second to start, and what it writes depends on nothing else (the golden files hold it to that).</summary>
    public static async Task<Publication> MakeAsync(string target, params string[] flags)
    {
        string[] arguments = ["--target", target, .. flags];
        var files = await Made.GetOrAdd(string.Join(' ', arguments), _ => new Lazy<Task<IReadOnlyList<MadeFile>>>(() => MakeOnceAsync(arguments))).Value;
        var publication = new Publication();
        foreach (var (path, content, mode) in files)
        {
            var file = Path.Combine(publication.Folder, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllBytesAsync(file, content, TestContext.Current.CancellationToken);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, mode);
            }
        }

        return publication;
    }

    private static async Task<IReadOnlyList<MadeFile>> MakeOnceAsync(string[] arguments)
    {
        using var publication = new Publication();
        var (code, _, errors) = await publication.RunAsync(arguments);
        code.ShouldBe(0, errors);
        return [.. Directory.EnumerateFiles(publication.Folder, "*", SearchOption.AllDirectories).Select(file =>
            new MadeFile(Path.GetRelativePath(publication.Folder, file), File.ReadAllBytes(file), OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(file)))];
    }

    /// <summary>Publishes into the folder.</summary>
    public Task<(int Code, string Output, string Errors)> RunAsync(params string[] flags) => RunAppHostAsync(["publish", "--output", Folder, .. flags]);

    /// <summary>The AppHost with this command line, to its end.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunAppHostAsync(params string[] arguments)
    {
        // What a developer's shell says must not get into what is deployed.
        var environment = new Dictionary<string, string>
        {
            ["ConnectionStrings__rabbitmq"] = "amqp://me:secret-of-mine@127.0.0.1:5672",
            ["ConnectionStrings__orders-db"] = "Host=127.0.0.1;Password=secret-of-mine",
            ["FLOW_DATASET"] = "anything.csv",
            ["Parameters__admin-key"] = "secret-of-mine",
        };
        return await RunAsync(DotnetHost.Path, [new Projects.AppHost().TargetPath, .. arguments], Path.GetTempPath(), environment);
    }

    public static async Task<(int Code, string Output, string Errors)> RunAsync(string program, string[] arguments, string folder, Dictionary<string, string> environment)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }
        using var process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        var output = process.StandardOutput.ReadToEndAsync(limit.Token);
        var errors = process.StandardError.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        return (process.ExitCode, await output, await errors);
    }

    public string Read(string file) => File.ReadAllText(Path.Combine(Folder, file));

    public void Write(string file, string text) => File.WriteAllText(Path.Combine(Folder, file), text);

    /// <summary>All files in one text.</summary>
    public string All() => string.Concat(Files.Select(file => $"=== {file}\n{Read(file)}"));

    /// <summary>The documents of a YAML text as maps, lists and texts.</summary>
    public static IReadOnlyList<Dictionary<object, object>> Documents(string text) =>
        [.. text.Split("\n---\n").Select(document => Reader.Deserialize<Dictionary<object, object>>(document))];

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private sealed record MadeFile(string Path, byte[] Content, UnixFileMode Mode);
}
