namespace FlowPlatform.Dashboard.Layout;

/// <summary>A page in the navigation.</summary>
/// <param name="Title">As the page's heading has it.</param>
/// <param name="Href">The page's route, without the leading slash.</param>
/// <param name="Icon">A name of <c>Icons</c>.</param>
internal sealed record NavigationEntry(string Title, string Href, string Icon);

/// <summary>Pages that belong together.</summary>
internal sealed record NavigationGroup(string Title, IReadOnlyList<NavigationEntry> Entries);
