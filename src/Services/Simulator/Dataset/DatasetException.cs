namespace Simulator.Dataset;

/// <summary>The dataset can't be read. The message names the line, the column and the cure.</summary>
internal sealed class DatasetException : Exception
{
    /// <summary>A fault of the file as a whole.</summary>
    public DatasetException(string message, Exception? inner = null) : base(message, inner)
    {
    }

    /// <summary>A fault of one line, from 1, and one column by name; null if the fault is the line's as a whole.</summary>
    public DatasetException(long line, string? column, string fault, string cure)
        : base(column is null ? $"Line {line}: {fault} {cure}" : $"Line {line}, column {column}: {fault} {cure}")
    {
        Line = line;
        Column = column;
    }

    public long? Line { get; }

    public string? Column { get; }
}
