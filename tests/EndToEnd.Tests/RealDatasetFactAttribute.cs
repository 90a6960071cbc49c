using System.Runtime.CompilerServices;
using Xunit.Sdk;
using Xunit.v3;

namespace FlowPlatform.EndToEnd.Tests;

/// <summary>A test on the real dataset: where FLOW_DATASET doesn't name it, the test is not there.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(RealDatasetDiscoverer))]
public sealed class RealDatasetFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : FactAttribute(sourceFilePath, sourceLineNumber)
{
    public static string? Dataset => Environment.GetEnvironmentVariable("FLOW_DATASET") is { Length: > 0 } path ? path : null;
}

/// <summary>Finds what xunit finds for a fact, or nothing.</summary>
public sealed class RealDatasetDiscoverer : FactDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        RealDatasetFactAttribute.Dataset is null ? new([]) : base.Discover(discoveryOptions, testMethod, factAttribute);
}
