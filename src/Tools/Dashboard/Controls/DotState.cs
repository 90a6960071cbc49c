namespace FlowPlatform.Dashboard.Controls;

/// <summary>What a state means; only this has colours.</summary>
public enum DotState
{
    /// <summary>Nothing is known, or nothing is expected.</summary>
    Neutral,

    /// <summary>It is as it should be.</summary>
    Good,

    /// <summary>It is on its way to somewhere.</summary>
    Busy,

    /// <summary>Somebody should look at it.</summary>
    Warning,

    /// <summary>It has failed.</summary>
    Error,
}
