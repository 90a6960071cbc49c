using System.Runtime.CompilerServices;
using Simulator.Replay;

namespace Simulator.Dataset;

/// <summary>A dataset file as input: a position is the index of the action.</summary>
internal sealed class DatasetInput(string path) : IReplayInput
{
    /// <summary>The file's name and length: the same file may lie elsewhere after a restart.</summary>
    public string Identity { get; } = $"dataset {Path.GetFileName(path)} {new FileInfo(path).Length}";

    public string Name { get; } = Path.GetFileName(path);

    /// <summary>Known once <see cref="CountAsync"/> has run.</summary>
    public long? KnownOrders { get; private set; }

    /// <summary>Reads the whole file once, so that a line that can't be read is reported before anything is sent.</summary>
    /// <exception cref="DatasetException">The file can't be read.</exception>
    public async Task CountAsync(CancellationToken cancellationToken)
    {
        var orders = 0L;
        await foreach (var step in ReadAsync(0, cancellationToken))
        {
            orders += step.Action is OrderAction ? 1 : 0;
        }

        KnownOrders = orders;
    }

    public async IAsyncEnumerable<Step> ReadAsync(long from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var position = 0L;
        await foreach (var invoice in InvoiceGrouping.GroupAsync(DatasetReader.ReadFileAsync(path, cancellationToken), cancellationToken))
        {
            foreach (var action in InvoiceMapper.Map(invoice))
            {
                if (position++ >= from)
                {
                    yield return new Step(position - 1, action);
                }
            }
        }
    }
}
