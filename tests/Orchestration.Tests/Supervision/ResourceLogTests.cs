using FlowPlatform.Orchestration.Processes;
using FlowPlatform.Orchestration.Supervision;

namespace FlowPlatform.Orchestration.Tests.Supervision;

public sealed class ResourceLogTests
{
    private const int FileBytesMax = 10 << 20;

    [Fact]
    public void However_much_a_resource_says_its_console_takes_two_files_of_10_MB_and_the_newest_lines_are_in_them()
    {
        using var folder = new TemporaryFolder();
        var text = new string('x', 1 << 20);
        using (var log = new ResourceLog(folder.Path, "orders", new SecretMask(), TimeProvider.System))
        {
            for (var line = 1; line <= 35; line++)
            {
                log.Add(new OutputLine($"{line} {text}", IsError: false));
            }
        }

        var files = new DirectoryInfo(folder.Path).GetFiles().OrderBy(file => file.Name, StringComparer.Ordinal).ToList();
        files.Select(file => file.Name).ShouldBe(["orders.log", "orders.log.1"]);
        files.ShouldAllBe(file => file.Length < FileBytesMax + text.Length + 100);
        var kept = files.Reverse<FileInfo>().SelectMany(file => File.ReadLines(file.FullName)).Select(line => int.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture)).ToList();
        kept.ShouldBe(Enumerable.Range(35 - kept.Count + 1, kept.Count));
        kept.Count.ShouldBeGreaterThanOrEqualTo(10);
    }

    [Fact]
    public void A_start_goes_on_in_the_file_of_the_last_one()
    {
        using var folder = new TemporaryFolder();
        foreach (var text in (string[])["first", "second"])
        {
            using var log = new ResourceLog(folder.Path, "orders", new SecretMask(), TimeProvider.System);
            log.Add(new OutputLine(text, IsError: true));
        }

        File.ReadAllLines(Path.Combine(folder.Path, "orders.log")).Select(line => line[^6..].Trim()).ShouldBe(["first", "second"]);
    }
}
