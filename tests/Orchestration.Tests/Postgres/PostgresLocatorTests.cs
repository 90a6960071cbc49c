using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Packages;
using FlowPlatform.Orchestration.Postgres;

namespace FlowPlatform.Orchestration.Tests.Postgres;

public sealed class PostgresLocatorTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_server_that_is_too_old_is_named_and_refused_and_the_first_new_one_is_taken()
    {
        using var folder = new TemporaryFolder();
        var old = Installed(folder, "14", "postgres (PostgreSQL) 14.9 (Debian 14.9-1)");
        var broken = Installed(folder, "x", "cannot open shared object");
        var refused = await Should.ThrowAsync<PostgresServerException>(() => Locate(old, broken));
        refused.Message.ShouldContain($"14.9 (Debian 14.9-1) in {old}");
        refused.Message.ShouldContain("cannot open shared object");
        refused.Message.ShouldContain("15 or newer");
        refused.Message.ShouldContain("ConnectionStrings__postgres");

        var beta = Installed(folder, "18", "postgres (PostgreSQL) 18beta1");
        (await Locate(old, beta)).ShouldBe(new PostgresInstallation(beta, 18, null));
    }

    [Fact]
    public async Task Of_several_servers_the_one_that_can_read_the_data_is_taken()
    {
        using var folder = new TemporaryFolder();
        var newer = Installed(folder, "17", "postgres (PostgreSQL) 17.2");
        var older = Installed(folder, "16", "postgres (PostgreSQL) 16.4");
        (await PostgresLocator.LocateAsync(PostgresSource.Installed, [newer, older], wanted: 16, null, Token)).Bin.ShouldBe(older);
        (await PostgresLocator.LocateAsync(PostgresSource.Installed, [newer, older], wanted: null, null, Token)).Bin.ShouldBe(newer);
    }

    [Fact]
    public async Task Without_any_server_the_cure_is_told()
    {
        using var folder = new TemporaryFolder();
        (await Should.ThrowAsync<PostgresServerException>(() => Locate(folder.Path))).Message.ShouldContain("No installed Postgres was found");
        var packages = new PostgresPackages(folder.Path, SystemRelease.Parse("ID=alpine"), progress: null);
        var refused = await Should.ThrowAsync<PostgresServerException>(() => packages.EnsureAsync(Token));
        refused.Message.ShouldContain("no Debian or Ubuntu packages for this system (alpine)");
        refused.Message.ShouldContain("ConnectionStrings__postgres");
    }

    [Fact]
    public void Server_client_and_missing_libraries_are_taken_and_nothing_of_a_system_service_or_a_compiler()
    {
        var packages = PackageClosure.Parse("""
            postgresql
              Depends: postgresql-15
            postgresql-15
              Depends: postgresql-common
              Depends: postgresql-client-15
              Depends: tzdata
              Depends: libllvm14
              Depends: libpq5
              Depends: libc6
            postgresql-client-15
              Depends: postgresql-client-common
            postgresql-common
            postgresql-client-common
            libllvm14
              Depends: libz3-4
            libz3-4
            libpq5
              Depends: libldap-2.5-0
            libldap-2.5-0
            libc6
            """);
        PackageClosure.Of("postgresql", PostgresPackages.Parts, packages, name => name is "libc6")
            .ShouldBe(["libldap-2.5-0", "libpq5", "postgresql", "postgresql-15", "postgresql-client-15"]);
    }

    private static Task<PostgresInstallation> Locate(params string[] folders) =>
        PostgresLocator.LocateAsync(PostgresSource.Installed, folders, wanted: null, null, Token);

    /// <summary>A server that only tells its version.</summary>
    private static string Installed(TemporaryFolder folder, string name, string version)
    {
        var bin = folder.File(name);
        Directory.CreateDirectory(bin);
        foreach (var tool in (string[])["postgres", "initdb"])
        {
            var file = Path.Combine(bin, tool);
            File.WriteAllText(file, $"#!/bin/sh\necho '{version}'\n");
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        return bin;
    }
}
