using System.IO.Compression;
using System.Text;
using FlowPlatform.Tests.Support;
using Simulator.Dataset;
using Simulator.Shop;

namespace Services.Tests.Simulator;

public sealed class DatasetReaderTests
{
    private const string Header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";
    private const string Good = "536365,85123A,MUG,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Both_forms_of_dates_and_customers_mean_the_same()
    {
        var lines = await ReadAsync(Header + Good + "536365,85123A,MUG,6,12/1/2010 8:26,2.55,17850,United Kingdom\n");
        lines.Count.ShouldBe(2);
        (lines[1] with { Line = 2 }).ShouldBe(lines[0]);
        lines[0].InvoiceDate.ShouldBe(new DateTimeOffset(2010, 12, 1, 8, 26, 0, TimeSpan.Zero));
        lines[0].CustomerId.ShouldBe("17850");
    }

    [Fact]
    public async Task Quotes_commas_and_line_ends_inside_of_a_field_are_text()
    {
        var lines = await ReadAsync(Header + "536365,22138,\"SET \"\"RETRO\"\", 3\r\nPIECES\",1,2010-12-01 08:26:00,4.95,,EIRE\r\n" + Good);
        lines[0].Description.ShouldBe("SET \"RETRO\", 3\r\nPIECES");
        lines[0].CustomerId.ShouldBeNull();
        lines[1].Line.ShouldBe(4);
    }

    [Fact]
    public async Task Columns_are_found_by_name_and_blank_lines_passed_over()
    {
        var lines = await ReadAsync("\uFEFFCountry,Extra,CustomerID,UnitPrice,InvoiceDate,Quantity,Description,StockCode,InvoiceNo\r\n\r\nFrance,x,,0.001,1/31/2011 17:05,-2,,POST,C1\r\n\r\n");
        lines.ShouldHaveSingleItem().ShouldBe(
            new DatasetLine(3, "C1", "POST", "", -2, new DateTimeOffset(2011, 1, 31, 17, 5, 0, TimeSpan.Zero), 0.001m, null, "France"));
    }

    [Fact]
    public async Task A_last_line_without_an_end_counts()
    {
        var lines = await ReadAsync(Header + Good.TrimEnd('\n'));
        lines.ShouldHaveSingleItem().Country.ShouldBe("United Kingdom");
    }

    [Theory]
    [InlineData("X1,85123A,MUG,6,2010-12-01 08:26:00,2.55,,UK", "InvoiceNo")]
    [InlineData(",85123A,MUG,6,2010-12-01 08:26:00,2.55,,UK", "InvoiceNo")]
    [InlineData("1,,MUG,6,2010-12-01 08:26:00,2.55,,UK", "StockCode")]
    [InlineData("1,85123A,MUG,six,2010-12-01 08:26:00,2.55,,UK", "Quantity")]
    [InlineData("1,85123A,MUG,0,2010-12-01 08:26:00,2.55,,UK", "Quantity")]
    [InlineData("1,85123A,MUG,1.5,2010-12-01 08:26:00,2.55,,UK", "Quantity")]
    [InlineData("1,85123A,MUG,6,01.12.2010,2.55,,UK", "InvoiceDate")]
    [InlineData("1,85123A,MUG,6,31/12/2010 8:26,2.55,,UK", "InvoiceDate")]
    [InlineData("1,85123A,MUG,6,2010-12-01 08:26:00,\"2,55\",,UK", "UnitPrice")]
    [InlineData("1,85123A,MUG,6,2010-12-01 08:26:00,2.5555,,UK", "UnitPrice")]
    [InlineData("1,85123A,MUG,6,2010-12-01 08:26:00,2.55,17850.5,UK", "CustomerID")]
    [InlineData("1,85123A,MUG,6,2010-12-01 08:26:00,2.55,.0,UK", "CustomerID")]
    [InlineData("1,85123A,MUG,6,2010-12-01 08:26:00,2.55,,", "Country")]
    [InlineData("1,85123A,MUG,6,2010-12-01 08:26:00,2.55,UK", null)]
    [InlineData("1,85123A,MUG \"RED\",6,2010-12-01 08:26:00,2.55,,UK", null)]
    [InlineData("1,85123A,\"MUG\" RED,6,2010-12-01 08:26:00,2.55,,UK", null)]
    [InlineData("1,85123A,\"MUG,6,2010-12-01 08:26:00,2.55,,UK", null)]
    public async Task A_line_that_cannot_be_read_is_named_with_its_column_and_a_cure(string line, string? column)
    {
        var fault = await Should.ThrowAsync<DatasetException>(() => ReadAsync(Header + Good + line + "\n"));
        fault.Line.ShouldBe(3);
        fault.Column.ShouldBe(column);
        fault.Message.ShouldStartWith(column is null ? "Line 3: " : $"Line 3, column {column}: ");
        fault.Message.Split(". ").Length.ShouldBeGreaterThan(1, "the cure follows the fault");
    }

    [Fact]
    public async Task A_header_without_a_column_is_named()
    {
        var fault = await Should.ThrowAsync<DatasetException>(() => ReadAsync("InvoiceNo,StockCode,Description,Quantity,InvoiceDate,Price,Country\n" + Good));
        fault.Message.ShouldContain("UnitPrice, CustomerID");
    }

    [Fact]
    public async Task An_empty_file_is_named() => (await Should.ThrowAsync<DatasetException>(() => ReadAsync(""))).Message.ShouldContain("empty");

    [Fact]
    public async Task Text_that_is_not_utf8_is_named_with_the_cure()
    {
        var latin = Encoding.Latin1.GetBytes(Header + Good.Replace("MUG", "CAFÉ £5", StringComparison.Ordinal));
        var fault = await Should.ThrowAsync<DatasetException>(() => ReadAsync(latin));
        fault.Message.ShouldContain("iconv");
    }

    [Fact]
    public async Task A_compressed_file_that_is_cut_short_is_named()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await SyntheticFile.WriteAsync(gzip, new SyntheticFile.Options { Orders = 200 }, Cancel);
        }

        var fault = await Should.ThrowAsync<DatasetException>(() => ReadAsync(packed.ToArray()[..(int)(packed.Length / 2)]));
        fault.Message.ShouldContain("damaged or cut short");
    }

    [Fact]
    public async Task A_missing_file_is_named()
    {
        var fault = await Should.ThrowAsync<DatasetException>(async () => await DatasetReader.ReadFileAsync("/nowhere/retail.csv", Cancel).ToListAsync(Cancel));
        fault.Message.ShouldContain("/nowhere/retail.csv");
    }

    [Theory]
    [InlineData("plain.csv", SyntheticFile.Form.Program, SyntheticFile.Form.Program, "\n", false)]
    [InlineData("sheet.csv", SyntheticFile.Form.Sheet, SyntheticFile.Form.Sheet, "\r\n", true)]
    [InlineData("mixed.csv.gz", SyntheticFile.Form.Mixed, SyntheticFile.Form.Mixed, "\n", false)]
    internal async Task A_synthetic_file_reads_back_as_it_was_made(string name, SyntheticFile.Form dates, SyntheticFile.Form customers, string lineEnd, bool mark)
    {
        using var directory = new TemporaryDirectory();
        var options = new SyntheticFile.Options { Seed = 7, Orders = 400, Dates = dates, Customers = customers, LineEnd = lineEnd, ByteOrderMark = mark };
        var path = Path.Combine(directory.Path, name);
        await SyntheticFile.WriteAsync(path, options, Cancel);
        var read = await DatasetReader.ReadFileAsync(path, Cancel).Select(line => line with { Line = 0 }).ToListAsync(Cancel);
        read.ShouldBe(SyntheticFile.Lines(options).ToList());
    }

    private static Task<List<DatasetLine>> ReadAsync(string text) => ReadAsync(Encoding.UTF8.GetBytes(text));

    private static async Task<List<DatasetLine>> ReadAsync(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        return await DatasetReader.ReadAsync(stream, Cancel).ToListAsync(Cancel);
    }
}
