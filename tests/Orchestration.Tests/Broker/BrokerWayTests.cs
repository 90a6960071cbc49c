using FlowPlatform.Orchestration.Broker;
using FlowPlatform.Orchestration.Tests.Broker.Containers;

namespace FlowPlatform.Orchestration.Tests.Broker;

/// <summary>Which way is taken; what the data directory holds decides first.</summary>
public sealed class BrokerWayTests : IDisposable
{
    private readonly TemporaryFolder data = new();
    private readonly FakeEngine fake = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        fake.Dispose();
        data.Dispose();
    }

    [Fact]
    public async Task Docker_is_used_when_asked_for() => (await ChooseAsync(BrokerSource.Container)).Engine!.Version.ShouldBe("27.3.1");

    [Fact]
    public async Task A_container_goes_on_as_a_container()
    {
        Mark("container");
        (await ChooseAsync(BrokerSource.Auto)).Engine.ShouldNotBeNull();
        foreach (var source in (BrokerSource[])[BrokerSource.Installed, BrokerSource.Packages])
        {
            (await Should.ThrowAsync<BrokerException>(() => ChooseAsync(source))).Message.ShouldContain("belongs to a container. Choose --broker docker");
        }
    }

    [Fact]
    public async Task A_node_goes_on_as_a_node()
    {
        Mark("");
        (await ChooseAsync(BrokerSource.Auto)).Engine.ShouldBeNull();
        (await ChooseAsync(BrokerSource.Packages)).Engine.ShouldBeNull();
        (await Should.ThrowAsync<BrokerException>(() => ChooseAsync(BrokerSource.Container))).Message.ShouldContain("belongs to a private node");
        fake.Calls.ShouldBeEmpty();
    }

    private void Mark(string folder)
    {
        Directory.CreateDirectory(data.File(folder));
        File.WriteAllText(Path.Combine(data.File(folder), "database.made"), "");
    }

    private Task<BrokerWay> ChooseAsync(BrokerSource source) => BrokerWay.ChooseAsync(source, data.Path, fake.Find, null, Token);
}
