namespace FlowPlatform.AppHost.Tests;

/// <summary>A dataset of one order, and the flags that replay it without a broker, in a folder of its own. Of a dataset every order ends shipped.</summary>
internal sealed class OneOrder : IDisposable
{
    public static readonly string[] Services = ["orders", "inventory", "payments", "shipping", "insights", "simulator"];
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("flow-test-");

    public OneOrder()
    {
        var dataset = Path.Combine(folder.FullName, "one-order.csv");
        File.WriteAllText(dataset, """
            InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
            900001,70001A,PAPER LANTERN,4,2010-12-01 08:30:00,1.25,10001.0,United Kingdom

            """);
        Flags = ["--dataset", dataset, "--speed", "max", "--data", Data, "--broker", "embedded", "--no-dashboard"];
    }

    public string Data => Path.Combine(folder.FullName, "data");

    public string[] Flags { get; }

    public void Dispose() => folder.Delete(recursive: true);
}
