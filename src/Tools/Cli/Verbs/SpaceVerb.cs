using System.CommandLine;

namespace FlowPlatform.Cli;

/// <summary><c>flow space</c>: what takes the space on this machine, and what bounds it.</summary>
internal static class SpaceVerb
{
    public static LocalVerb Create()
    {
        var command = new Command("space", "Shows what takes the space in the data directory and in ended runs, and what bounds it. The AppHost may run.");
        return new LocalVerb(command, context =>
        {
            var data = DataDirectory.Find(context.Data, context.Terminal.WorkingDirectory);
            var rows = Rows(data);
            var total = rows.Sum(row => row.Bytes);
            if (context.AsJson)
            {
                context.Write(new Answer(1, data.FullPath, rows, total));
                return ExitCode.Ok;
            }

            var table = new Grid().Column("what").Column("size", number: true).Column("bounded by");
            foreach (var row in rows)
            {
                table.Row(row.Path, Size.Of(row.Bytes), row.Bound);
            }

            table.Draw(context.Terminal);
            context.Terminal.Line();
            context.Terminal.Line($"{Size.Of(total)}. flow reset begins anew, flow reset --runs deletes ended runs.");
            return ExitCode.Ok;
        });
    }

    /// <summary>The largest first.</summary>
    private static List<Row> Rows(DataDirectory data)
    {
        List<Row> rows =
        [
            .. data.Entries().Where(entry => entry.Kind is not DataKind.Settings).Select(entry => Row.Of(data.FullPath, entry)),
            new Row("settings, keys and locks", data.Entries().Where(entry => entry.Kind is DataKind.Settings).Sum(entry => entry.Bytes), ""),
            .. data.Runs.Select(run => new Row(Path.GetRelativePath(data.Parent, run.FullPath), DataEntry.SizeOf(new DirectoryInfo(run.FullPath)), "flow reset --runs")),
            .. data.Leftovers.Select(left => new Row(Path.GetRelativePath(data.Parent, left), DataEntry.SizeOf(new DirectoryInfo(left)), "left by an interrupted flow reset; the next one deletes it")),
        ];
        return [.. rows.OrderByDescending(row => row.Bytes).ThenBy(row => row.Path, StringComparer.Ordinal)];
    }

    private sealed record Row(string Path, long Bytes, string Bound)
    {
        public static Row Of(string data, DataEntry entry) => new(System.IO.Path.Combine(System.IO.Path.GetFileName(data), entry.Name), entry.Bytes, entry.Bound);
    }

    private sealed record Answer(int Version, string Data, IReadOnlyList<Row> Parts, long Bytes);
}
