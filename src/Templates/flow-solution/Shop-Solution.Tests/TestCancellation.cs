using System.Runtime.CompilerServices;
using FlowPlatform.Testing;

namespace ShopNamespace.Tests;

internal static class TestCancellation
{
    /// <summary>What a test waits for ends with the test.</summary>
    [ModuleInitializer]
    internal static void Connect() => TestRun.Cancellation = () => TestContext.Current.CancellationToken;
}
