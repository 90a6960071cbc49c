namespace FlowPlatform.Dashboard.Layout;

/// <summary>The pages, and the files that browsers load for them.</summary>
internal static class Pages
{
    public static void AddPages(this IServiceCollection services) =>
        services.AddRazorComponents().AddInteractiveServerComponents(static circuits => circuits.DisconnectedCircuitMaxRetained = 20);

    public static void MapPages(this WebApplication app)
    {
        app.MapStaticAssets().AllowAnonymous();
        app.MapGet("/", static () => Results.LocalRedirect($"/{Navigation.First}"));
        // The framework's own policy for frames would be a second one beside ours, which is stricter.
        app.MapRazorComponents<App>().AddInteractiveServerRenderMode(static mode => mode.ContentSecurityFrameAncestorsPolicy = null);
    }
}
