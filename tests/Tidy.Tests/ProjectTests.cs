namespace FlowPlatform.Tidy.Tests;

public sealed class ProjectTests
{
    [Fact]
    public void Dependencies_point_one_way() => Projects.WrongReferences(Repository.OwnFiles).ShouldBeEmpty();

    [Theory]
    [InlineData("src/Services/Orders/Orders.csproj", "../Inventory/Inventory.csproj")]
    [InlineData("src/Services/Orders/Orders.csproj", "../../Tools/Orchestration/Orchestration.csproj")]
    [InlineData("src/Services/Contracts/Contracts.csproj", "../../Platform/FlowPlatform.Storage/FlowPlatform.Storage.csproj")]
    [InlineData("src/Platform/FlowPlatform/FlowPlatform.csproj", "../FlowPlatform.Storage/FlowPlatform.Storage.csproj")]
    [InlineData("src/Platform/FlowPlatform.Storage/FlowPlatform.Storage.csproj", "../FlowPlatform.RabbitMQ/FlowPlatform.RabbitMQ.csproj")]
    [InlineData("ServiceDefaults/ServiceDefaults.csproj", @"..\src\Services\Contracts\Contracts.csproj")]
    [InlineData("src/Services/Orders/Orders.csproj", "../../Platform/FlowPlatform.Testing/FlowPlatform.Testing.csproj")]
    [InlineData("src/Platform/FlowPlatform.Storage/FlowPlatform.Storage.csproj", "../FlowPlatform.Testing/FlowPlatform.Testing.csproj")]
    [InlineData("src/Platform/FlowPlatform.Testing/FlowPlatform.Testing.csproj", "../../Tools/Orchestration/Orchestration.csproj")]
    [InlineData("AppHost/AppHost.csproj", "../src/Platform/FlowPlatform.Testing/FlowPlatform.Testing.csproj")]
    [InlineData("src/Tools/Cli/Cli.csproj", "../../Services/Orders/Orders.csproj")]
    [InlineData("tests/Platform.Tests/Platform.Tests.csproj", "../RabbitMQ.Tests/RabbitMQ.Tests.csproj")]
    [InlineData("elsewhere/New.csproj", "../src/Platform/FlowPlatform/FlowPlatform.csproj")]
    public void A_reference_the_wrong_way_is_found(string project, string reference) =>
        Projects.WrongReferences([new(project, $"""<ProjectReference Include="{reference}" />""")]).ShouldHaveSingleItem();

    [Fact]
    public void The_platform_library_knows_no_vendor() => Projects.VendorsInPlatform(Repository.Files).ShouldBeEmpty();

    [Theory]
    [InlineData("Any.cs", "using Microsoft.AspNetCore.Http;")]
    [InlineData("Any.cs", "using static Dapper.SqlMapper;")]
    [InlineData("Any.cs", "using Client = RabbitMQ.Client.IChannel;")]
    [InlineData("Any.cs", "var http = new Microsoft.AspNetCore.Http.DefaultHttpContext();")]
    [InlineData("FlowPlatform.csproj", """<PackageReference Include="Dapper" />""")]
    public void A_vendor_in_the_platform_library_is_found(string file, string text) =>
        Projects.VendorsInPlatform([new($"src/Platform/FlowPlatform/{file}", text)]).ShouldNotBeEmpty();

    [Fact]
    public void The_test_library_knows_no_test_framework() => Projects.TestFrameworksInTesting(Repository.Files).ShouldBeEmpty();

    [Theory]
    [InlineData("Any.cs", "using Xunit;")]
    [InlineData("Any.cs", "using static Shouldly.Should;")]
    [InlineData("FlowPlatform.Testing.csproj", """<PackageReference Include="xunit.v3.assert" />""")]
    public void A_test_framework_in_the_test_library_is_found(string file, string text) =>
        Projects.TestFrameworksInTesting([new($"src/Platform/FlowPlatform.Testing/{file}", text)]).ShouldNotBeEmpty();

    [Fact]
    public void Every_project_is_in_the_one_solution() => Projects.OutsideTheSolution(Repository.OwnFiles).ShouldBeEmpty();

    [Fact]
    public void A_project_outside_the_solution_or_a_second_solution_is_found()
    {
        var solution = new SourceFile("FlowPlatform.sln", """Project("{1}") = "Gone", "src\Gone\Gone.csproj", "{2}" """);

        Projects.OutsideTheSolution([solution, new("src/New/New.csproj", "")]).Count().ShouldBe(2);
        Projects.OutsideTheSolution([new("FlowPlatform.sln", ""), new("Other.slnx", "")]).ShouldHaveSingleItem();
        Projects.OutsideTheSolution([]).ShouldHaveSingleItem();
    }

    [Fact]
    public void Versions_stand_in_one_place() => Projects.StrayVersions(Repository.OwnFiles).ShouldBeEmpty();

    [Fact]
    public void Templates_name_the_versions_that_are_used_here() => Projects.OtherVersionsInTemplates(Repository.Files).ShouldBeEmpty();

    [Fact]
    public void Another_version_in_a_template_is_found() => Projects.OtherVersionsInTemplates(
        [new("Directory.Packages.props", """<PackageVersion Include="A" Version="1.0.1" />"""), new("src/Templates/flow-x/x.csproj", """<PackageReference Include="A" Version="1.0.0" />""")])
        .ShouldHaveSingleItem();

    [Fact]
    public void Aspire_is_looked_for_only_when_asked_for() => Projects.UnconditionalAspire(Repository.Files).ShouldBeEmpty();

    [Theory]
    [InlineData("""<Project Sdk="Aspire.AppHost.Sdk/13.6.5">""", 1)]
    [InlineData("""<Sdk Name="Aspire.AppHost.Sdk" Version="13.6.5" />""", 1)]
    [InlineData("""<Import Project="Sdk.props" Sdk="Aspire.AppHost.Sdk" />""", 1)]
    [InlineData("""<PackageReference Include="Aspire.Hosting.RabbitMQ" />""", 1)]
    [InlineData("""<ItemGroup Condition="'$(FlowOrchestrator)' != 'Aspire'"><PackageReference Include="Aspire.Hosting.RabbitMQ" /></ItemGroup>""", 1)]
    [InlineData("""<Import Project="Sdk.props" Sdk="Aspire.AppHost.Sdk" Condition="'$(FlowOrchestrator)' == 'Aspire'" />""", 0)]
    [InlineData("""<ItemGroup Condition="'$(FlowOrchestrator)' == 'Aspire'"><PackageReference Include="Aspire.Hosting.RabbitMQ" /></ItemGroup>""", 0)]
    public void A_look_for_Aspire_without_the_condition_is_found(string line, int found) => Projects.UnconditionalAspire([new("src/Any/Any.csproj", line)]).Count().ShouldBe(found);

    [Theory]
    [InlineData("""<PackageReference Include="Dapper" Version="2.1.86" />""")]
    [InlineData("""<PackageReference Include="Dapper" VersionOverride="2.1.86" />""")]
    [InlineData("""<PackageVersion Include="Dapper" Version="2.1.86" />""")]
    public void A_version_elsewhere_is_found(string line) => Projects.StrayVersions([new("src/Any/Any.csproj", line)]).ShouldNotBeEmpty();
}
