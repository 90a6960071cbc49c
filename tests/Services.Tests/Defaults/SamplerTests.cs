using System.Diagnostics;
using Microsoft.Extensions.Configuration;
using OpenTelemetry.Trace;
using ServiceDefaults.Telemetry;

namespace Services.Tests.Defaults;

public sealed class SamplerTests
{
    private static readonly ActivityContext Dropped = Context(ActivityTraceFlags.None, remote: false);
    private static readonly ActivityContext Recorded = Context(ActivityTraceFlags.Recorded, remote: false);

    [Theory]
    [InlineData("always_off", null, SamplingDecision.Drop)]
    [InlineData("traceidratio", "0", SamplingDecision.Drop)]
    [InlineData("parentbased_traceidratio", "1", SamplingDecision.RecordAndSample)]
    [InlineData(null, null, SamplingDecision.RecordAndSample)]
    public void The_standard_variables_choose_the_sampler(string? name, string? argument, SamplingDecision decision) =>
        Decide(From(name, argument), default, ActivityKind.Internal).ShouldBe(decision);

    [Fact]
    public void An_unknown_sampler_is_refused_by_name() => Should.Throw<InvalidOperationException>(() => From("often", null)).Message.ShouldContain("often");

    [Theory]
    [InlineData("2")]
    [InlineData("half")]
    public void A_ratio_that_is_none_is_refused(string ratio) => Should.Throw<InvalidOperationException>(() => From("traceidratio", ratio)).Message.ShouldContain($"'{ratio}'");

    [Fact]
    public void What_is_below_a_dropped_span_is_dropped_too()
    {
        var sampler = new SamplerFilter(new AlwaysOnSampler());

        Decide(sampler, Dropped, ActivityKind.Client).ShouldBe(SamplingDecision.Drop);
        Decide(sampler, Recorded, ActivityKind.Client).ShouldBe(SamplingDecision.RecordAndSample);
    }

    [Theory]
    [InlineData("always_on", SamplingDecision.RecordAndSample)]
    [InlineData("parentbased_always_on", SamplingDecision.Drop)]
    public void What_another_process_dropped_is_for_the_configured_sampler(string name, SamplingDecision decision) =>
        Decide(From(name, null), Context(ActivityTraceFlags.None, remote: true), ActivityKind.Server).ShouldBe(decision);

    [Theory]
    [InlineData("flow=untraced", ActivityTraceFlags.None, SamplingDecision.Drop)]
    [InlineData("vendor=1, flow=untraced", ActivityTraceFlags.None, SamplingDecision.Drop)]
    [InlineData("vendor=1", ActivityTraceFlags.None, SamplingDecision.RecordAndSample)]
    [InlineData("flow=untraced", ActivityTraceFlags.Recorded, SamplingDecision.RecordAndSample)]
    public void What_a_caller_means_to_be_untraced_is_dropped_by_every_sampler(string state, ActivityTraceFlags flags, SamplingDecision decision) =>
        Decide(From("always_on", null), new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), flags, state, isRemote: true), ActivityKind.Server).ShouldBe(decision);

    [Theory]
    [InlineData("/health")]
    [InlineData("/alive")]
    [InlineData("/flow/status")]
    [InlineData("/flow/contracts")]
    public void Probes_are_dropped(string path)
    {
        var sampler = new SamplerFilter(new AlwaysOnSampler());

        Decide(sampler, default, ActivityKind.Server, path).ShouldBe(SamplingDecision.Drop);
        Decide(sampler, Recorded, ActivityKind.Server, path).ShouldBe(SamplingDecision.Drop);
        Decide(sampler, default, ActivityKind.Client, path).ShouldBe(SamplingDecision.RecordAndSample);
    }

    [Theory]
    [InlineData("parentbased_traceidratio", "0", SamplingDecision.RecordAndSample)]
    [InlineData("always_off", null, SamplingDecision.Drop)]
    [InlineData("traceidratio", "0", SamplingDecision.Drop)]
    public void A_batch_is_decided_like_the_sampled_events_that_it_links_to(string name, string? argument, SamplingDecision decision)
    {
        Decide(From(name, argument), default, ActivityKind.Consumer, links: [Dropped, Recorded]).ShouldBe(decision);
        Decide(From(name, argument), default, ActivityKind.Consumer, links: [Dropped]).ShouldBe(SamplingDecision.Drop);
    }

    private static ActivityContext Context(ActivityTraceFlags flags, bool remote) => new(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), flags, isRemote: remote);

    private static SamplerFilter From(string? name, string? argument) => new(SamplerFilter.FromConfiguration(
        new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["OTEL_TRACES_SAMPLER"] = name, ["OTEL_TRACES_SAMPLER_ARG"] = argument }).Build()));

    private static SamplingDecision Decide(SamplerFilter sampler, ActivityContext parent, ActivityKind kind, string path = "/", params ActivityContext[] links) => sampler.ShouldSample(
        new SamplingParameters(parent, ActivityTraceId.CreateRandom(), "span", kind, [new("url.path", path)], links.Select(link => new ActivityLink(link)))).Decision;
}
