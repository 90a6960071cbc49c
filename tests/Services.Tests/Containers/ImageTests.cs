using System.Diagnostics;
using System.Text.Json;

namespace Services.Tests.Containers;

/// <summary>What the SDK would make an image of, as its own targets compute it; nothing is built and no registry is asked.</summary>
public sealed class ImageTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    [Theory]
    [InlineData("src/Services/Orders/Orders.csproj", "flowplatform/orders", "/app/Orders.dll")]
    [InlineData("src/Services/Simulator/Simulator.csproj", "flowplatform/simulator", "/app/Simulator.dll")]
    [InlineData("src/Tools/Dashboard/Dashboard.csproj", "flowplatform/dashboard", "/app/Dashboard.dll")]
    public async Task A_service_has_an_image_without_root_and_shell_on_a_fixed_port(string project, string repository, string program)
    {
        var image = await ComputeAsync(project);
        image.Property("ContainerBaseImage").ShouldBe("mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled");
        image.Property("ContainerRepository").ShouldBe(repository);
        image.Property("ContainerUser").ShouldBe("1654");
        image.Items("ContainerPort").ShouldBe(["8080"]);
        image.Items("ContainerEnvironmentVariable").ShouldBe(["ASPNETCORE_HTTP_PORTS=8080"]);
        image.Items("ContainerAppCommand").ShouldBe(["dotnet", program]);
        image.Items("ContainerImageTags").ShouldBe(["0.1.0"]);
        image.Items("ContainerLabel").ShouldContain("org.opencontainers.image.licenses=MIT");
        image.Items("ContainerLabel").ShouldContain("org.opencontainers.image.version=0.1.0");
        image.Items("ContainerLabel").ShouldContain(label => label.StartsWith("io.flowplatform.sbom=", StringComparison.Ordinal));
        image.Items("ContainerLabel").ShouldNotContain(label => label.StartsWith("org.opencontainers.image.created", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_command_has_an_image_that_listens_on_nothing_and_the_registry_is_the_callers_choice()
    {
        var image = await ComputeAsync("src/Tools/Cli/Cli.csproj", "-p:ContainerRegistry=ghcr.io", "-p:FlowImages=acme/shop", "-p:ContainerImageTag=1.2.3");
        image.Property("ContainerRegistry").ShouldBe("ghcr.io");
        image.Property("ContainerRepository").ShouldBe("acme/shop/cli");
        image.Property("ContainerUser").ShouldBe("1654");
        image.Items("ContainerPort").ShouldBeEmpty();
        image.Items("ContainerAppCommand").ShouldBe(["dotnet", "/app/flow.dll"]);
        image.Items("ContainerImageTags").ShouldBe(["1.2.3"]);
    }

    private static async Task<Image> ComputeAsync(string project, params string[] more)
    {
        string[] asked =
        [
            "-getProperty:ContainerBaseImage,ContainerRepository,ContainerRegistry,ContainerUser",
            "-getItem:ContainerPort,ContainerEnvironmentVariable,ContainerAppCommand,ContainerImageTags,ContainerLabel",
        ];
        var start = new ProcessStartInfo("dotnet", ["msbuild", Path.Combine(Root(), project), "-t:ComputeContainerConfig", "-nodeReuse:false", .. asked, .. more])
        {
            RedirectStandardOutput = true,
        };
        using var process = System.Diagnostics.Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        var output = await process.StandardOutput.ReadToEndAsync(limit.Token);
        await process.WaitForExitAsync(limit.Token);
        process.ExitCode.ShouldBe(0, output);
        return new Image(JsonDocument.Parse(output).RootElement);
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "FlowPlatform.sln")))
        {
            folder = folder.Parent;
        }
        return folder!.FullName;
    }

    private sealed record Image(JsonElement Json)
    {
        public string? Property(string name) => Json.GetProperty("Properties").GetProperty(name).GetString();

        public string[] Items(string name) =>
        [
            .. Json.GetProperty("Items").GetProperty(name).EnumerateArray().Select(item =>
                item.TryGetProperty("Value", out var value) ? $"{item.GetProperty("Identity").GetString()}={value.GetString()}" : item.GetProperty("Identity").GetString()!),
        ];
    }
}
