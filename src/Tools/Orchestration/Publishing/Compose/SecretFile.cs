namespace FlowPlatform.Orchestration.Publishing.Compose;

/// <summary>A file below <c>secrets/</c> that a container gets.</summary>
/// <param name="Name">Of the file and of the secret.</param>
/// <param name="Text">What is in it; its secret parts are made where it is deployed.</param>
internal sealed record SecretFile(string Name, DeploymentText Text);

/// <summary>The secrets that containers need: equal ones are one.</summary>
internal sealed class SecretFiles
{
    private readonly Dictionary<string, SecretFile> byText = new(StringComparer.Ordinal);

    public IEnumerable<SecretFile> All => byText.Values.OrderBy(file => file.Name, StringComparer.Ordinal);

    /// <summary>The file with this text. A parameter's is named after it, a composed one after the setting that has it.</summary>
    public SecretFile Add(string setting, DeploymentText text)
    {
        if (!byText.TryGetValue(text.Key, out var file))
        {
            var name = text.Parts is [{ Secret: { } parameter }] ? parameter : setting.ToLowerInvariant().Replace("__", "-", StringComparison.Ordinal).Replace('_', '-');
            byText[text.Key] = file = new SecretFile(name, text);
        }
        return file;
    }

    /// <summary>The parameter alone.</summary>
    public SecretFile Add(string parameter) => Add(parameter, new DeploymentText([new DeploymentPart("", parameter)]));
}
