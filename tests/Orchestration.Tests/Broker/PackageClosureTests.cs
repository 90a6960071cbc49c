using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Packages;

namespace FlowPlatform.Orchestration.Tests.Broker;

public sealed class PackageClosureTests
{
    private const string Depends = """
        rabbitmq-server
          Depends: adduser
         |Depends: erlang-base
          Depends: <erlang-base-hipe>
          Depends: erlang-ssl
          Depends: <python3:any>
            python3
        erlang-base
         |PreDepends: <virtual-first>
          PreDepends: libncurses6
          Depends: libc6
          Depends: libsystemd0
            libelogind0
          Depends: zlib1g
        erlang-ssl
          Depends: erlang-base
          Depends: erlang-crypto
        erlang-crypto
          Depends: libssl3
        erlang-base-hipe
        adduser
          Depends: passwd
        libncurses6
          Depends: libtinfo6
        libtinfo6
        libssl3
        libc6
        libsystemd0
        libelogind0
        zlib1g
        """;

    [Fact]
    public void Erlang_and_the_missing_libraries_are_taken_and_nothing_of_a_system_service()
    {
        var packages = PackageClosure.Parse(Depends);
        PackageClosure.Of("rabbitmq-server", new PackageParts(DebianPackages.IsErlang, _ => false), packages, name => name is "libc6" or "libsystemd0" or "zlib1g")
            .ShouldBe(["erlang-base", "erlang-crypto", "erlang-ssl", "libncurses6", "libssl3", "libtinfo6", "rabbitmq-server"]);
    }

    [Fact]
    public void Of_alternatives_the_first_real_one_is_taken()
    {
        var packages = PackageClosure.Parse("""
            a
             |Depends: b
             |Depends: c
              Depends: d
              Depends: e
             |Depends: <f>
              Depends: g
            """);
        packages["a"].ShouldBe(["b", "e", "g"]);
    }

    [Theory]
    [InlineData("ROOTDIR=/usr/lib/erlang\nBINDIR=\"$ROOTDIR/erts\"", "ROOTDIR=\"/c/usr/lib/erlang\"\nBINDIR=\"$ROOTDIR/erts\"")]
    [InlineData("    ROOTDIR=\"/usr/lib/erlang\"\n", "    ROOTDIR=\"/c/usr/lib/erlang\"\n")]
    public void Erlangs_start_script_is_moved(string script, string moved) => DebianPackages.Relocate(script, "/c").ShouldBe(moved);

    [Theory]
    [InlineData("ID=debian\nVERSION_ID=\"12\"", "debian", "12", true)]
    [InlineData("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\nVERSION_ID=\"22\"", "linuxmint", "22", true)]
    [InlineData("ID=alpine\nVERSION_ID=3.21.0", "alpine", "3.21.0", false)]
    public void The_distribution_is_recognised(string osRelease, string id, string version, bool debianLike)
    {
        var release = SystemRelease.Parse(osRelease);
        (release.Id, release.VersionId, release.IsDebianLike).ShouldBe((id, version, debianLike));
    }

    [Fact]
    public async Task A_system_without_packages_is_told_what_to_do()
    {
        using var folder = new TemporaryFolder();
        var packages = new DebianPackages(folder.Path, SystemRelease.Parse("ID=alpine"), progress: null);
        var refused = await Should.ThrowAsync<BrokerException>(() => packages.EnsureAsync(TestContext.Current.CancellationToken));
        refused.Message.ShouldContain("ConnectionStrings__rabbitmq");
    }

    [Fact]
    public async Task A_cache_folder_with_blanks_is_refused()
    {
        using var folder = new TemporaryFolder();
        var packages = new DebianPackages(folder.File("my cache"), SystemRelease.Parse("ID=debian\nVERSION_ID=12"), progress: null);
        var refused = await Should.ThrowAsync<BrokerException>(() => packages.EnsureAsync(TestContext.Current.CancellationToken));
        refused.Message.ShouldContain("XDG_CACHE_HOME");
    }
}
