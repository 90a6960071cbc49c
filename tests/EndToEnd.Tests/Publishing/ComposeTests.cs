namespace FlowPlatform.EndToEnd.Tests.Publishing;

public sealed class ComposeTests
{
    [Theory]
    [InlineData("compose-sqlite")]
    [InlineData("compose-postgres", "--stores", "postgres", "--replicas", "orders=2", "--images", "ghcr.io/acme/shop/flowplatform", "--tag", "1.2.3")]
    public async Task The_same_model_gives_the_same_files(string golden, params string[] flags)
    {
        using var publication = await Publication.MakeAsync("compose", flags);
        Golden.ShouldBe($"{golden}.txt", publication.All());
    }

    [Theory]
    [InlineData("sqlite")]
    [InlineData("postgres", "--replicas", "orders=2")]
    public async Task It_holds_together_and_no_secret_is_in_an_environment(string stores, params string[] more)
    {
        using var publication = await Publication.MakeAsync("compose", ["--stores", stores, .. more]);
        ComposeRules.Faults(Compose(publication), file => File.Exists(Path.Combine(publication.Folder, file))).ShouldBeEmpty();
        publication.All().ShouldNotContain("secret-of-mine");
    }

    [Theory]
    [InlineData("condition: service_healthy", "condition: service_started", "doesn't wait until")]
    [InlineData("      rabbitmq:\n        condition", "      rabbit:\n        condition", "waits for rabbit")]
    [InlineData("  orders-data: {}\n", "", "volume orders-data isn't declared")]
    [InlineData("file: ./rabbitmq/enabled_plugins", "file: ./rabbitmq/plugins", "has no file")]
    [InlineData("127.0.0.1:${", "${", "open to other machines")]
    [InlineData("http://payments:8080", "http://payment:8080", "names payment")]
    [InlineData("      OTEL_SERVICE_NAME: orders\n", "      FLOW_ADMIN_KEY: abc\n", "FLOW_ADMIN_KEY is secret")]
    [InlineData("    read_only: true\n", "", "rights that it doesn't need")]
    [InlineData("-data:/var/lib/rabbitmq", "-data:/var/lib/rabbitmq\n    network_mode: host", "unknown keys")]
    public async Task What_does_not_hold_is_found(string text, string instead, string fault)
    {
        using var publication = await Publication.MakeAsync("compose");
        var before = publication.Read("compose.yaml");
        before.ShouldContain(text);
        publication.Write("compose.yaml", before.Replace(text, instead, StringComparison.Ordinal));
        ComposeRules.Faults(Compose(publication), file => File.Exists(Path.Combine(publication.Folder, file))).ShouldContain(found => found.Contains(fault, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_broker_has_streams_and_tells_clients_the_name_that_services_know()
    {
        using var publication = await Publication.MakeAsync("compose");
        publication.Read("rabbitmq/enabled_plugins").ShouldContain("rabbitmq_stream");
        publication.Read("rabbitmq/90-flowplatform.conf").ShouldContain("stream.advertised_host = rabbitmq\nstream.advertised_port = 5552\n");
        Compose(publication).Text("services", "rabbitmq", "hostname").ShouldBe("rabbitmq");
    }

    [Fact]
    public async Task Secrets_are_made_once_at_random_where_only_the_owner_gets_to_them()
    {
        using var publication = await Publication.MakeAsync("compose", "--stores", "postgres");
        await MakeSecretsAsync(publication);
        Secret("values/admin-key").ShouldMatch("^[A-Za-z0-9]{32}$");
        Secret("admin-key").ShouldBe(Secret("values/admin-key"));
        var password = Secret("values/rabbitmq-password");
        password.ShouldNotBe(Secret("values/admin-key"));
        Secret("connectionstrings-rabbitmq").ShouldBe($"amqp://flow:{password}@rabbitmq:5672");
        Secret("connectionstrings-rabbitmq-stream").ShouldBe($"rabbitmq-stream://flow:{password}@rabbitmq:5552");
        Secret("rabbitmq-user").ShouldBe($"default_user = flow\ndefault_pass = {password}\n");
        Secret("connectionstrings-orders-db").ShouldStartWith($"Host=postgres;Port=5432;Username=flow_orders;Password={Secret("values/orders-db-password")};Database=flow_orders");
        Secret("otel-exporter-otlp-headers").ShouldBe($"x-otlp-api-key={Secret("values/otlp-key")}");
        Compose(publication).Keys("secrets").Where(name => !File.Exists(Path.Combine(publication.Folder, "secrets", name))).ShouldBeEmpty();
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(Path.Combine(publication.Folder, "secrets")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            File.GetUnixFileMode(Path.Combine(publication.Folder, "secrets", "admin-key")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        }

        await MakeSecretsAsync(publication);
        Secret("values/rabbitmq-password").ShouldBe(password);
        File.WriteAllText(Path.Combine(publication.Folder, "secrets", "values", "rabbitmq-password"), "chosen1");
        await MakeSecretsAsync(publication);
        Secret("connectionstrings-rabbitmq").ShouldBe("amqp://flow:chosen1@rabbitmq:5672");
        File.WriteAllText(Path.Combine(publication.Folder, "secrets", "values", "rabbitmq-password"), "a@b/c");
        (await RunScriptAsync(publication)).Errors.ShouldContain("secrets/values/rabbitmq-password may have letters and digits only");

        string Secret(string name) => publication.Read(Path.Combine("secrets", name));
    }

    [Fact]
    public async Task Each_services_database_is_made_with_the_password_that_it_is_given()
    {
        using var publication = await Publication.MakeAsync("compose", "--stores", "postgres");
        var compose = Compose(publication);
        var script = publication.Read("postgres/10-services.sh");
        foreach (var service in new[] { "orders", "inventory", "payments", "shipping", "insights" })
        {
            script.ShouldContain($"--set name=flow_{service} --set password=\"$(cat /run/secrets/{service}-db-password)\"");
            compose.List("services", "postgres", "secrets").ShouldContain($"{service}-db-password");
            compose.Map("services", service, "depends_on").ShouldContainKey("postgres");
            compose.Has("services", service, "volumes").ShouldBeFalse();
        }
        (await Publication.RunAsync("bash", ["-n", Path.Combine(publication.Folder, "postgres", "10-services.sh")], publication.Folder, [])).Code.ShouldBe(0);
    }

    private static Dictionary<object, object> Compose(Publication publication) => Publication.Documents(publication.Read("compose.yaml")).ShouldHaveSingleItem();

    private static async Task MakeSecretsAsync(Publication publication)
    {
        var (code, _, errors) = await RunScriptAsync(publication);
        code.ShouldBe(0, errors);
    }

    private static Task<(int Code, string Output, string Errors)> RunScriptAsync(Publication publication) =>
        Publication.RunAsync(Path.Combine(publication.Folder, "secrets.sh"), [], Path.GetTempPath(), []);
}
