namespace Simulator.Dataset;

/// <summary>One line of the dataset.</summary>
/// <param name="Line">Where it stands in the file, from 1; 0 if it comes from no file.</param>
/// <param name="InvoiceNo">Starts with a digit (sale), C (return) or A (ledger adjustment).</param>
/// <param name="StockCode">Stock or service code; compares ordinally.</param>
/// <param name="Description">Text of the line; may be empty.</param>
/// <param name="Quantity">Pieces, signed.</param>
/// <param name="InvoiceDate">UTC.</param>
/// <param name="UnitPrice">Price of one, up to three decimals; signed for ledger adjustments.</param>
/// <param name="CustomerId">Digits; null for guests.</param>
/// <param name="Country">Where it goes.</param>
internal sealed record DatasetLine(
    long Line, string InvoiceNo, string StockCode, string Description, int Quantity, DateTimeOffset InvoiceDate, decimal UnitPrice, string? CustomerId, string Country);
