using FlowPlatform.Orchestration.Broker.Containers;

namespace FlowPlatform.Orchestration.Tests.Broker.Containers;

/// <summary>A folder with a command named docker or podman that records its calls and plays what it is told.</summary>
internal sealed class FakeEngine : IDisposable
{
    public const string DockerVersion = """{"Client":{"Version":"27.3.1","ApiVersion":"1.47","Os":"linux","Arch":"amd64"},"Server":{"Platform":{"Name":"Docker Engine - Community"},"Version":"27.3.1","ApiVersion":"1.47","Os":"linux","Arch":"amd64"}}""";
    public const string PodmanVersion = """{"Client":{"APIVersion":"5.2.2","Version":"5.2.2","GoVersion":"go1.22","Os":"linux","OsArch":"linux/amd64"}}""";

    private readonly TemporaryFolder folder = new();

    public FakeEngine(params string[] commands)
    {
        foreach (var command in commands.DefaultIfEmpty("docker"))
        {
            // Each in a folder of its own, with its own answers.
            Directory.CreateDirectory(folder.File(command));
            var script = Path.Combine(folder.File(command), command);
            File.Copy(Path.Combine(AppContext.BaseDirectory, "fake-engine.sh"), script);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(script, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
            Play("version", command == "podman" ? PodmanVersion : DockerVersion, command: command);
            Play("info", command == "podman" ? "false" : "[\"name=seccomp,profile=builtin\"]", command: command);
            Play("image-inspect", "amd64", command: command);
        }
    }

    public ContainerEngine Docker => new(Find("docker")!, EngineKind.Docker, "27.3.1", "amd64", IsRootless: false);

    /// <summary>The calls so far, their arguments joined by blanks.</summary>
    public string[] Calls => CallsOf("docker");

    public string[] CallsOf(string command)
    {
        var file = Path.Combine(folder.File(command), "calls");
        return File.Exists(file) ? [.. File.ReadAllLines(file).Select(line => line.Replace('\t', ' '))] : [];
    }

    public string? Find(string command) => Directory.Exists(folder.File(command)) ? Path.Combine(folder.File(command), command) : null;

    public void Play(string verb, string output = "", string errors = "", int code = 0, string command = "docker")
    {
        var file = Path.Combine(folder.File(command), verb);
        File.WriteAllText(file + ".out", output.Length > 0 ? output + "\n" : "");
        File.WriteAllText(file + ".err", errors.Length > 0 ? errors + "\n" : "");
        if (code != 0)
        {
            File.WriteAllText(file + ".code", $"{code}");
        }
    }

    public void Dispose() => folder.Dispose();
}
