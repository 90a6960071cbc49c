using System.Globalization;
using System.Text;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>A resource's output: the last lines in memory, all of it in a file (cut at 10 MB, one older file kept). Secrets are masked. Safe for concurrent use.</summary>
internal sealed class ResourceLog : IDisposable
{
    private const long FileBytesMax = 10 << 20;

    private readonly Lock gate = new();
    private readonly SecretMask mask;
    private readonly TimeProvider time;
    private readonly string path;
    private StreamWriter? writer;

    public ResourceLog(string folder, string name, SecretMask mask, TimeProvider time)
    {
        this.mask = mask;
        this.time = time;
        path = Path.Combine(folder, name + ".log");
        Directory.CreateDirectory(folder);
        writer = Open();
    }

    /// <summary>Raised for every line, masked.</summary>
    public event Action<OutputLine>? LineAdded;

    /// <summary>The last lines, numbered.</summary>
    public ConsoleTail Lines { get; } = new();

    public void Add(OutputLine line)
    {
        var masked = line with { Text = mask.Apply(line.Text) };
        var now = time.GetUtcNow();
        lock (gate)
        {
            Lines.Add(now, masked);
            if (writer is { BaseStream.Length: > FileBytesMax })
            {
                writer.Dispose();
                File.Move(path, path + ".1", overwrite: true);
                writer = Open();
            }
            var stamp = now.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
            writer?.WriteLine($"{stamp} {(line.IsError ? "E" : " ")} {masked.Text}");
        }
        LineAdded?.Invoke(masked);
    }

    public void Dispose()
    {
        lock (gate)
        {
            writer?.Dispose();
            writer = null;
        }
    }

    private StreamWriter Open()
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete };
        return new StreamWriter(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), options) { AutoFlush = true };
    }
}
