using System.Text.RegularExpressions;
using YamlDotNet.Serialization;

namespace FlowPlatform.Tidy.Tests;

/// <summary>What has to hold in workflows: they run with credentials, on what others write.</summary>
internal static partial class Workflows
{
    private static readonly IDeserializer Reader = new DeserializerBuilder().Build();

    public static IEnumerable<string> Faults(IEnumerable<SourceFile> files)
    {
        var workflows = files.Where(file => file.Path.StartsWith(".github/workflows/", StringComparison.Ordinal)).ToList();
        return workflows.SelectMany(file => Faults(file).Select(fault => $"{file.Path}: {fault}")).Concat(SeveralVersions(workflows));
    }

    private static IEnumerable<string> Faults(SourceFile file)
    {
        var workflow = Reader.Deserialize<Dictionary<object, object>>(file.Text);
        if (At(workflow, "permissions") is not Dictionary<object, object> { Count: > 0 } permissions || permissions.Values.Any(permission => permission is not "read" and not "none"))
        {
            yield return "its permissions must be named and be for reading; a job that writes says so itself.";
        }
        if (At(workflow, "concurrency", "group") is null || At(workflow, "concurrency", "cancel-in-progress") is null)
        {
            yield return "it doesn't say what may run at the same time.";
        }
        if (Triggers(workflow).Any(trigger => trigger is "pull_request_target" or "workflow_run"))
        {
            yield return "others' code would run with this repository's rights.";
        }
        foreach (var (name, job) in Map(At(workflow, "jobs")))
        {
            foreach (var fault in JobFaults(Map(job), Triggers(workflow)))
            {
                yield return $"job {name}: {fault}";
            }
        }
    }

    private static IEnumerable<string> JobFaults(Dictionary<object, object> job, IReadOnlyCollection<string> triggers)
    {
        if (At(job, "timeout-minutes") is null)
        {
            yield return "it has no time limit.";
        }
        if (At(job, "runs-on") is not string runner || !FixedRunner().IsMatch(runner))
        {
            yield return "it runs on whatever is the latest.";
        }
        var writes = Map(At(job, "permissions")).ContainsValue("write");
        if (writes && triggers.Any(trigger => trigger is "pull_request"))
        {
            yield return "it may write, and runs for anybody's pull request.";
        }
        foreach (var step in List(At(job, "steps")).Select(Map))
        {
            if (At(step, "uses") is string action && action.StartsWith("actions/checkout@", StringComparison.Ordinal) && At(step, "with", "persist-credentials") is not "false")
            {
                yield return "its checkout leaves credentials to every later step.";
            }
            if (At(step, "run") is string script && script.Contains("${{", StringComparison.Ordinal))
            {
                yield return $"a value becomes part of a script ({script.Split('\n')[0]}): hand it over in env.";
            }
        }
        if (At(job, "environment") is not null && Map(At(job, "env")).Values.OfType<string>().Any(value => value.Contains("secrets.", StringComparison.Ordinal)))
        {
            yield return "every step has the environment's secrets: give them to the one that needs them.";
        }
    }

    /// <summary>One action is one commit everywhere.</summary>
    private static IEnumerable<string> SeveralVersions(IEnumerable<SourceFile> workflows) =>
        from use in workflows.SelectMany(file => Use().Matches(file.Text))
        group use.Groups["commit"].Value by use.Groups["action"].Value into commits
        where commits.Distinct().Count() > 1
        select $"{commits.Key} is used at several commits.";

    private static IReadOnlyCollection<string> Triggers(Dictionary<object, object> workflow) => At(workflow, "on") switch
    {
        string one => [one],
        List<object> several => [.. several.Cast<string>()],
        Dictionary<object, object> map => [.. map.Keys.Cast<string>()],
        _ => [],
    };

    private static object? At(object? node, params string[] path)
    {
        foreach (var key in path)
        {
            node = Map(node).GetValueOrDefault(key);
        }

        return node;
    }

    private static Dictionary<object, object> Map(object? node) => node as Dictionary<object, object> ?? [];

    private static List<object> List(object? node) => node as List<object> ?? [];

    [GeneratedRegex(@"^ubuntu-\d\d\.\d\d$")]
    private static partial Regex FixedRunner();

    [GeneratedRegex(@"uses:\s*(?<action>[\w./-]+)@(?<commit>[0-9a-f]{40})")]
    private static partial Regex Use();
}
