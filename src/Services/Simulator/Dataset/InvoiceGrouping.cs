using System.Runtime.CompilerServices;

namespace Simulator.Dataset;

/// <summary>
/// Gathers lines in time order into invoices, in the order of their first lines. An invoice's lines may carry two times a minute apart,
/// with another invoice's between them, so one is complete when the file has moved on by <see cref="Patience"/>.
/// </summary>
internal static class InvoiceGrouping
{
    /// <summary>How far the file's time moves on before an invoice is complete.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    public static async IAsyncEnumerable<IReadOnlyList<DatasetLine>> GroupAsync(
        IAsyncEnumerable<DatasetLine> lines, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (open, waiting) = (new Dictionary<string, List<DatasetLine>>(StringComparer.Ordinal), new Queue<List<DatasetLine>>());
        var complete = new HashSet<string>(StringComparer.Ordinal);
        DatasetLine? previous = null;
        await foreach (var line in lines.WithCancellation(cancellationToken))
        {
            if (previous is not null && line.InvoiceDate < previous.InvoiceDate)
            {
                throw new DatasetException(line.Line, "InvoiceDate", "the time is before the line above.", "Sort the file by InvoiceDate.");
            }

            previous = line;
            while (waiting.TryPeek(out var oldest) && line.InvoiceDate - oldest[^1].InvoiceDate > Patience)
            {
                waiting.Dequeue();
                open.Remove(oldest[0].InvoiceNo);
                complete.Add(oldest[0].InvoiceNo);
                yield return oldest;
            }

            Add(line, open, waiting, complete);
        }

        foreach (var invoice in waiting)
        {
            yield return invoice;
        }
    }

    private static void Add(DatasetLine line, Dictionary<string, List<DatasetLine>> open, Queue<List<DatasetLine>> waiting, HashSet<string> complete)
    {
        if (open.TryGetValue(line.InvoiceNo, out var invoice))
        {
            invoice.Add(line);
        }
        else if (complete.Contains(line.InvoiceNo))
        {
            throw new DatasetException(
                line.Line, "InvoiceNo", $"invoice {line.InvoiceNo} goes on more than {Patience.TotalMinutes:0} minutes later.", "Give all lines of an invoice its time.");
        }
        else
        {
            open[line.InvoiceNo] = invoice = [line];
            waiting.Enqueue(invoice);
        }
    }
}
