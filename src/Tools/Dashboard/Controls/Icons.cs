using Microsoft.AspNetCore.Components;

namespace FlowPlatform.Dashboard.Controls;

/// <summary>Drawings of 16 by 16, in lines. They stand in the page: to some browsers a drawing from a file of its own is foreign.</summary>
internal static class Icons
{
    private static readonly Dictionary<string, MarkupString> All = new(StringComparer.Ordinal)
    {
        ["flow"] = new("""<path d="M2 4h6.5a2.5 2.5 0 0 1 0 5H7a2.5 2.5 0 0 0 0 5h3"/><circle cx="13" cy="4" r="1.2"/><circle cx="13" cy="14" r="1.2"/>"""),
        ["menu"] = new("""<path d="M2 4h12M2 8h12M2 12h12"/>"""),
        ["close"] = new("""<path d="m4 4 8 8M12 4l-8 8"/>"""),
        ["theme"] = new("""<circle cx="8" cy="8" r="6"/><path d="M8 2a6 6 0 0 1 0 12z" fill="currentColor"/>"""),
        ["logout"] = new("""<path d="M6 2H3v12h3M7 8h7M11 5l3 3-3 3"/>"""),
        ["resources"] = new("""<rect x="2" y="2" width="5" height="5" rx="1"/><rect x="9" y="2" width="5" height="5" rx="1"/><rect x="2" y="9" width="5" height="5" rx="1"/><rect x="9" y="9" width="5" height="5" rx="1"/>"""),
        ["console"] = new("""<rect x="1.5" y="2.5" width="13" height="11" rx="1.5"/><path d="m4 6 2.5 2L4 10M8.5 10.5H12"/>"""),
        ["logs"] = new("""<path d="M3 3.5h.01M3 8h.01M3 12.5h.01M6 3.5h8M6 8h8M6 12.5h5"/>"""),
        ["traces"] = new("""<path d="M2 3.5h7M5 8h6M8 12.5h6"/>"""),
        ["map"] = new("""<circle cx="3.5" cy="8" r="2"/><circle cx="12.5" cy="3.5" r="2"/><circle cx="12.5" cy="12.5" r="2"/><path d="m5.3 7.1 5.4-2.7M5.3 8.9l5.4 2.7"/>"""),
        ["metrics"] = new("""<path d="M2 2v12h12M4.5 10.5l3-4 2.5 2 3.5-5"/>"""),
        ["streams"] = new("""<path d="M1.5 4c2-1.6 4-1.6 6.5 0s4.5 1.6 6.5 0M1.5 8c2-1.6 4-1.6 6.5 0s4.5 1.6 6.5 0M1.5 12c2-1.6 4-1.6 6.5 0s4.5 1.6 6.5 0"/>"""),
        ["events"] = new("""<path d="M9 1.5 3.5 9H8l-1 5.5L12.5 7H8z"/>"""),
        ["parked"] = new("""<circle cx="8" cy="8" r="6"/><path d="M6.5 11V5h2a1.9 1.9 0 0 1 0 3.800h-2"/>"""),
        ["projections"] = new("""<path d="m8 1.5 6 3-6 3-6-3zM2 8l6 3 6-3M2 11.5l6 3 6-3"/>"""),
        ["explore"] = new("""<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 4 4"/>"""),
        ["pause"] = new("""<path d="M5.5 3v10M10.5 3v10"/>"""),
        ["stop"] = new("""<rect x="3.5" y="3.5" width="9" height="9" rx="1"/>"""),
        ["play"] = new("""<path d="M4.5 2.5v11l9-5.5z"/>"""),
        ["refresh"] = new("""<path d="M13.5 3v3.5H10M13.2 6.5A5.5 5.5 0 1 0 13.5 9"/>"""),
        ["link"] = new("""<path d="M6.5 9.5a3 3 0 0 0 4.2 0l2.4-2.400a3 3 0 0 0-4.2-4.2l-.7.7M9.5 6.5a3 3 0 0 0-4.2 0L2.9 8.9a3 3 0 0 0 4.2 4.2l.7-.7"/>"""),
        ["replay"] = new("""<path d="M2.5 3v3.5H6M2.8 6.5A5.5 5.5 0 1 1 2.5 9M8 5.5V8l2 1.5"/>"""),
    };

    /// <exception cref="KeyNotFoundException">There is no such drawing.</exception>
    public static MarkupString Of(string name) => All[name];
}
