using FlowPlatform.Dashboard.Storage;

namespace FlowPlatform.Dashboard.Receiving;

/// <summary>What was read of a request.</summary>
/// <param name="Export">What can be kept.</param>
/// <param name="Rejected">Items that can't.</param>
/// <param name="Why">The reason, for the sender.</param>
internal sealed record Decoded<TExport>(TExport Export, int Rejected, string Why)
    where TExport : IExport;
