namespace FlowPlatform.Tidy.Tests;

public sealed class WorkflowTests
{
    private const string Sound = """
        name: any
        on:
          pull_request:
        permissions:
          contents: read
        concurrency:
          group: any
          cancel-in-progress: true
        jobs:
          one:
            runs-on: ubuntu-24.04
            timeout-minutes: 10
            steps:
              - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
                with:
                  persist-credentials: false
              - env:
                  TITLE: ${{ github.event.pull_request.title }}
                run: echo "$TITLE"
        """;

    [Fact]
    public void Workflows_have_few_rights_and_bounds() => Workflows.Faults(Repository.Files).ShouldBeEmpty();

    [Fact]
    public void There_are_workflows_for_tests_for_releases_and_for_deployments()
    {
        string Text(string name) => Repository.Files.Single(file => file.Path == $".github/workflows/{name}.yml").Text;

        Text("ci").ShouldContain("\"$RUNNER_TEMP/actionlint\" -color");
        Text("ci").ShouldContain(".ci/run");
        Text("release").ShouldContain("actions/attest-build-provenance@");
        Text("release").ShouldContain("sbom-path:");
        Text("deploy").ShouldContain("environment: ${{ inputs.environment }}");
        Text("deploy").ShouldContain("docker compose run --rm check");
        Text("deploy").ShouldContain("kubectl rollout undo");
        Text("aspire").ShouldContain("FlowOrchestrator: Aspire");
    }

    [Fact]
    public void A_sound_workflow_is_sound() => Faults(Sound).ShouldBeEmpty();

    [Theory]
    [InlineData("permissions:\n  contents: read\n", "", "permissions must be named")]
    [InlineData("  contents: read", "  contents: write", "be for reading")]
    [InlineData("concurrency:\n  group: any\n  cancel-in-progress: true\n", "", "at the same time")]
    [InlineData("  pull_request:", "  pull_request_target:", "others' code")]
    [InlineData("    timeout-minutes: 10\n", "", "no time limit")]
    [InlineData("ubuntu-24.04", "ubuntu-latest", "whatever is the latest")]
    [InlineData("    timeout-minutes: 10\n", "    timeout-minutes: 10\n    permissions:\n      packages: write\n", "anybody's pull request")]
    [InlineData("          persist-credentials: false", "          fetch-depth: 0", "leaves credentials")]
    [InlineData("echo \"$TITLE\"", "echo \"${{ github.event.pull_request.title }}\"", "becomes part of a script")]
    [InlineData("    timeout-minutes: 10\n", "    timeout-minutes: 10\n    environment: production\n    env:\n      KEY: ${{ secrets.KEY }}\n", "every step has")]
    public void An_unsound_workflow_is_found(string text, string instead, string fault)
    {
        Sound.ShouldContain(text);
        Faults(Sound.Replace(text, instead, StringComparison.Ordinal)).ShouldContain(found => found.Contains(fault, StringComparison.Ordinal), fault);
    }

    [Fact]
    public void Two_commits_of_one_action_are_found() =>
        Workflows.Faults([new(".github/workflows/a.yml", Sound), new(".github/workflows/b.yml", Sound.Replace("3d3c42e5", "00000000", StringComparison.Ordinal))])
            .ShouldHaveSingleItem().ShouldContain("several commits");

    private static IEnumerable<string> Faults(string text) => Workflows.Faults([new(".github/workflows/any.yml", text)]);
}
