using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Packages;

namespace FlowPlatform.Dashboard.Tests.Browser;

public sealed class BrowserInstallationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void A_named_browser_that_is_not_there_is_said_with_the_cure()
    {
        var fault = Should.Throw<BrowserException>(static () => BrowserInstallation.Named("no-such-browser"));
        fault.Message.ShouldContain("no-such-browser");
        fault.Message.ShouldContain(BrowserInstallation.Cure);
    }

    [Theory]
    [InlineData("ID=ubuntu\nVERSION_ID=24.04", "snap")]
    [InlineData("ID=fedora\nVERSION_ID=42", "fedora")]
    public async Task A_system_without_packages_is_said_with_the_cure(string release, string reason)
    {
        using var cache = new TemporaryDirectory();
        var fault = await Should.ThrowAsync<BrowserException>(() => new BrowserPackages(cache.Path, SystemRelease.Parse(release), progress: null).EnsureAsync(Cancel));
        fault.Message.ShouldContain(reason);
        fault.Message.ShouldContain(BrowserInstallation.Cure);
    }

    [Fact]
    public void The_browser_comes_with_its_data_and_the_libraries_that_are_missing_and_without_a_desktop()
    {
        var packages = PackageClosure.Parse("""
            chromium-headless-shell
              Depends: libnss3
              Depends: libgbm1
              Depends: chromium-common
            chromium-common
              Depends: x11-utils
              Depends: xdg-utils
            libnss3
            libgbm1
              Depends: libdrm2
            libdrm2
            x11-utils
            xdg-utils
            """);

        PackageClosure.Of("chromium-headless-shell", BrowserPackages.Parts, packages, static name => name == "libnss3").ShouldBe(["chromium-common", "chromium-headless-shell", "libdrm2", "libgbm1"]);
    }

    [Fact]
    public void A_half_unpacked_browser_is_none()
    {
        using var cache = new TemporaryDirectory();
        var folder = Directory.CreateDirectory(Path.Combine(cache.Path, "usr/lib/chromium")).FullName;
        foreach (var file in (string[])[Path.Combine(folder, "chromium-headless-shell"), Path.Combine(folder, "icudtl.dat"), Path.Combine(cache.Path, "fonts.conf")])
        {
            BrowserPackages.Find(cache.Path).ShouldBeNull();
            File.WriteAllText(file, "");
        }

        BrowserPackages.Find(cache.Path).ShouldNotBeNull().Executable.ShouldBe(Path.Combine(folder, "chromium-headless-shell"));
    }
}
