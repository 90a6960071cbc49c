namespace Simulator.Dataset;

/// <summary>Reads RFC 4180 records from a stream of characters, one at a time and without holding more than one. Not thread-safe.</summary>
internal sealed class CsvReader(TextReader text)
{
    private const int MaxRecordChars = 64 * 1024;
    private const int MaxFields = 256;

    private readonly char[] buffer = new char[32 * 1024];
    private readonly char[] record = new char[MaxRecordChars];
    private readonly int[] ends = new int[MaxFields];
    private int next;
    private int length;
    private int written;
    private long physicalLine = 1;
    private State state = State.FieldStart;

    private enum State
    {
        FieldStart,
        Plain,
        Quoted,
        QuoteInQuoted,
        CarriageReturn,
    }

    /// <summary>Line, from 1, on which the current record starts.</summary>
    public long Line { get; private set; } = 1;

    /// <summary>Number of fields of the current record.</summary>
    public int Count { get; private set; }

    /// <summary>A field of the current record; valid until the next read.</summary>
    public ReadOnlySpan<char> this[int field]
    {
        get
        {
            var start = field == 0 ? 0 : ends[field - 1];
            return record.AsSpan(start, ends[field] - start);
        }
    }

    /// <summary>Moves to the next record; false at the end. Blank lines are passed over.</summary>
    /// <exception cref="DatasetException">The text is no RFC 4180, or not UTF-8.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        do
        {
            (Count, written, state, Line) = (0, 0, State.FieldStart, physicalLine);
            while (!Parse())
            {
                if (!await FillAsync(cancellationToken))
                {
                    return Finish();
                }
            }
        }
        while (Count == 1 && ends[0] == 0);

        return true;
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        try
        {
            length = await text.ReadAsync(buffer, cancellationToken);
        }
        catch (System.Text.DecoderFallbackException fault)
        {
            throw new DatasetException($"After line {physicalLine}: the text is not UTF-8. Convert the file first, e.g. iconv -f ISO-8859-1 -t UTF-8.", fault);
        }
        catch (InvalidDataException fault)
        {
            throw new DatasetException($"After line {physicalLine}: the compressed file is damaged or cut short. Get or pack it again, or give the .csv.", fault);
        }

        next = 0;
        return length > 0;
    }

    private bool Finish()
    {
        if (state == State.Quoted)
        {
            throw new DatasetException(Line, null, "a quoted field is never closed.", "Close it with \", and write a quote inside of it as \"\".");
        }

        if (state == State.FieldStart && Count == 0)
        {
            return false;
        }

        EndField();
        return Count > 1 || ends[0] > 0;
    }

    // True: a whole record was read; false: the buffer is used up first.
    private bool Parse()
    {
        while (next < length)
        {
            var c = buffer[next++];
            if (c == '\n')
            {
                physicalLine++;
            }

            switch (state)
            {
                case State.FieldStart when c == '"':
                    state = State.Quoted;
                    break;
                case State.Quoted:
                    TakeQuoted(c);
                    break;
                case State.QuoteInQuoted when c == '"':
                    Append(c);
                    state = State.Quoted;
                    break;
                case State.CarriageReturn when c != '\n':
                    throw new DatasetException(Line, null, "a carriage return stands alone.", "End lines with \\n or \\r\\n, or quote the field.");
                default:
                    if (TakeUnquoted(c))
                    {
                        return true;
                    }

                    break;
            }
        }

        return false;
    }

    private void TakeQuoted(char c)
    {
        if (c == '"')
        {
            state = State.QuoteInQuoted;
        }
        else
        {
            Append(c);
        }
    }

    private bool TakeUnquoted(char c)
    {
        switch (c)
        {
            case ',':
                EndField();
                state = State.FieldStart;
                return false;
            case '\r':
                state = State.CarriageReturn;
                return false;
            case '\n':
                EndField();
                return true;
            case var _ when state == State.QuoteInQuoted:
                throw new DatasetException(Line, null, $"field {Count + 1} goes on after its closing quote.", "Write a quote inside of a quoted field as \"\".");
            case '"':
                throw new DatasetException(Line, null, $"field {Count + 1} has a quote but doesn't start with one.", "Put the field in quotes and write the quote as \"\".");
            default:
                Append(c);
                state = State.Plain;
                return false;
        }
    }

    private void Append(char c)
    {
        if (written == record.Length)
        {
            throw new DatasetException(Line, null, $"the record is longer than {MaxRecordChars:N0} characters.", "Most likely a quote is never closed: write it as \"\".");
        }

        record[written++] = c;
    }

    private void EndField()
    {
        if (Count == MaxFields)
        {
            throw new DatasetException(Line, null, $"the record has more than {MaxFields} fields.", "Separate records by line ends.");
        }

        ends[Count++] = written;
    }
}
