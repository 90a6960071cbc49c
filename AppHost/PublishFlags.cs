using System.Text.RegularExpressions;

namespace FlowPlatform.AppHost;

/// <summary>What <c>publish</c> asks for: artefacts that deploy the system, instead of a run.</summary>
internal sealed partial record PublishFlags
{
    /// <summary>The verb, which comes first.</summary>
    public const string Verb = "publish";

    public static readonly string[] WithValue = ["--target", "--output", "--images", "--tag", "--stores", "--seed", "--rate"];

    public static readonly string[] Repeatable = ["--replicas"];

    public static readonly string[] WithoutValue = ["--diff", "--force"];

    /// <summary>Partitions of each stream, which replicas share: Publishes' default in the platform.</summary>
    public const int Partitions = 3;

    /// <summary>The images' home: what they may write to.</summary>
    public const string DataDirectory = "/home/app";

    private const string DefaultImages = "flowplatform";
    private const int ClusterNodes = 3;

    /// <summary>compose or kubernetes.</summary>
    public required string Target { get; init; }

    public required string Output { get; init; }

    public bool Diff { get; init; }

    public bool Force { get; init; }

    public required string Images { get; init; }

    public required string Tag { get; init; }

    public bool IsKubernetes => Target == "kubernetes";

    /// <summary>Streams are kept on three nodes where there are three machines.</summary>
    public int BrokerNodes => IsKubernetes ? ClusterNodes : 1;

    /// <exception cref="UsageException">A flag is missing or has a wrong value.</exception>
    public static PublishFlags From(FlagReader given) => new()
    {
        Target = given.Value("--target") switch
        {
            null => throw new UsageException("publish needs --target compose or --target kubernetes."),
            "compose" or "kubernetes" => given.Value("--target")!,
            var text => throw new UsageException($"--target is '{text}'; it must be compose or kubernetes."),
        },
        Output = Path.GetFullPath(given.Value("--output") ?? throw new UsageException("publish needs --output DIR (or -o DIR).")),
        Diff = given.Has("--diff"),
        Force = given.Has("--force"),
        Images = Checked("--images", given.Value("--images") ?? DefaultImages, ImageName(), "like ghcr.io/owner/name, in lower case"),
        Tag = Checked("--tag", given.Value("--tag") ?? typeof(PublishFlags).Assembly.GetName().Version!.ToString(3), ImageTag(), "a tag of an image, like 1.2.3"),
    };

    private static string Checked(string name, string text, Regex form, string what) => form.IsMatch(text) ? text : throw new UsageException($"{name} is '{text}'; it must be {what}.");

    [GeneratedRegex(@"^[a-z0-9]+(?:[._-][a-z0-9]+)*(?::[0-9]{1,5})?(?:/[a-z0-9]+(?:[._-]+[a-z0-9]+)*)*\z")]
    private static partial Regex ImageName();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\z")]
    private static partial Regex ImageTag();
}
