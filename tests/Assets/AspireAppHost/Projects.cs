using Aspire.Hosting;

// What Aspire's SDK generates for the projects that AppHost refers to.
namespace Projects;

public sealed class AppHost
{
    private AppHost()
    {
    }

    public static string ProjectPath => "AppHost";
}

public sealed class Orders : IProjectMetadata
{
    public string ProjectPath => "Orders.csproj";
}

public sealed class Inventory : IProjectMetadata
{
    public string ProjectPath => "Inventory.csproj";
}

public sealed class Payments : IProjectMetadata
{
    public string ProjectPath => "Payments.csproj";
}

public sealed class Shipping : IProjectMetadata
{
    public string ProjectPath => "Shipping.csproj";
}

public sealed class Insights : IProjectMetadata
{
    public string ProjectPath => "Insights.csproj";
}

public sealed class Simulator : IProjectMetadata
{
    public string ProjectPath => "Simulator.csproj";
}

public sealed class Dashboard : IProjectMetadata
{
    public string ProjectPath => "Dashboard.csproj";
}
