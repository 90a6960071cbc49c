using System.Runtime.CompilerServices;
using FlowPlatform.Testing;

namespace FlowPlatform.Tests.Support;

/// <summary>What waits in the platform's test library ends with the test that waits.</summary>
internal static class TestRunCancellation
{
    #region cancellation
    [ModuleInitializer]
    internal static void Connect() => TestRun.Cancellation = () => TestContext.Current.CancellationToken;
    #endregion

    /// <summary>Whole systems and brokers share two cores with each other: the default, 30 s, was met by waiting alone.</summary>
    [ModuleInitializer]
    internal static void Lengthen() => TestRun.Limit = TimeSpan.FromMinutes(2);
}
