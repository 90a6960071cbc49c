using System.Globalization;
using System.Text;
using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Supervision;

/// <summary>
/// A resource's output: the last lines in memory, all of it in a file (cut at 10 MB, one older file kept). Secrets are masked. Where the file can't be written, on a full disk say, the resource is not held
/// up: its console says so, and every 10 s it is tried again. Safe for concurrent use.
/// </summary>
internal sealed class ResourceLog : IDisposable
{
    private const long FileBytesMax = 10 << 20;
    private static readonly TimeSpan NextTryAfter = TimeSpan.FromSeconds(10);

    private readonly Lock gate = new();
    private readonly SecretMask mask;
    private readonly TimeProvider time;
    private readonly string path;
    private StreamWriter? writer;
    private DateTimeOffset notBefore;
    private bool failed;
    private bool closed;

    public ResourceLog(string folder, string name, SecretMask mask, TimeProvider time)
    {
        this.mask = mask;
        this.time = time;
        path = Path.Combine(folder, name + ".log");
        Directory.CreateDirectory(folder);
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
            Write(now, masked);
        }
        LineAdded?.Invoke(masked);
    }

    public void Dispose()
    {
        lock (gate)
        {
            closed = true;
            Close();
        }
    }

    private void Write(DateTimeOffset now, OutputLine line)
    {
        if (closed || now < notBefore)
        {
            return;
        }
        try
        {
            writer ??= Open();
            if (writer.BaseStream.Length > FileBytesMax)
            {
                Close();
                File.Move(path, path + ".1", overwrite: true);
                writer = Open();
            }
            var stamp = now.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
            writer.WriteLine($"{stamp} {(line.IsError ? "E" : " ")} {line.Text}");
            failed = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Close();
            notBefore = now + NextTryAfter;
            if (!failed)
            {
                failed = true;
                Lines.Add(now, new OutputLine($"log: lines are in memory only until {path} can be written again: {e.Message}", IsError: true));
            }
        }
    }

    /// <summary>What it has not written yet it tries to, once more.</summary>
    private void Close()
    {
        try
        {
            writer?.Dispose();
        }
        catch (IOException)
        {
            // The disk is still full; the file is closed all the same.
        }
        writer = null;
    }

    private StreamWriter Open()
    {
        var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write, Share = FileShare.ReadWrite | FileShare.Delete };
        return new StreamWriter(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), options) { AutoFlush = true };
    }
}
