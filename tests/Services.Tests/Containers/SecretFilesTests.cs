using Microsoft.Extensions.Configuration;
using ServiceDefaults.Containers;

namespace Services.Tests.Containers;

public sealed class SecretFilesTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("flow-secrets-").FullName;

    [Fact]
    public void A_file_is_a_setting_without_its_lines_end_and_wins_over_the_environment()
    {
        File.WriteAllText(Path.Combine(directory, "FLOW_ADMIN_KEY"), "from-file\n");
        File.WriteAllText(Path.Combine(directory, "ConnectionStrings__orders-db"), "Host=postgres;Password=secret");
        using var configuration = Read(("FLOW_ADMIN_KEY", "from-environment"), (SecretFiles.Variable, directory));
        configuration["FLOW_ADMIN_KEY"].ShouldBe("from-file");
        configuration.GetConnectionString("orders-db").ShouldBe("Host=postgres;Password=secret");
    }

    [Fact]
    public void Without_a_directory_nothing_is_read()
    {
        using var configuration = Read(("FLOW_ADMIN_KEY", "from-environment"));
        configuration["FLOW_ADMIN_KEY"].ShouldBe("from-environment");
    }

    [Fact]
    public void A_directory_that_is_not_there_is_a_fault() =>
        Should.Throw<DirectoryNotFoundException>(() => Read((SecretFiles.Variable, Path.Combine(directory, "gone"))));

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private static ConfigurationManager Read(params (string Name, string Value)[] environment)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection(environment.ToDictionary(item => item.Name, item => (string?)item.Value));
        configuration.AddSecretFiles();
        return configuration;
    }
}
