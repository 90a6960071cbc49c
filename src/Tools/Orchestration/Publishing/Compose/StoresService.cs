using FlowPlatform.Orchestration.Publishing.Output;

namespace FlowPlatform.Orchestration.Publishing.Compose;

/// <summary>Postgres, where stores are there. Its first start makes each service's database and role, before anything can connect.</summary>
internal static class StoresService
{
    /// <summary>A tag that is never given to another version.</summary>
    public const string Image = "docker.io/library/postgres:17.6";

    private const string ScriptName = "postgres-services";

    public static void Add(Deployment deployment, SecretFiles secrets, Map services, Map volumes, Map configs, List<PublishedFile> files)
    {
        if (deployment.Stores is not { } server)
        {
            return;
        }
        var own = secrets.Add(server.PasswordParameter.Name);
        var roles = deployment.Databases.Select(database => (database.Name, Secret: secrets.Add(database.Password).Name)).ToArray();
        var service = new Map
        {
            ["image"] = Image,
            ["environment"] = new Map { ["POSTGRES_PASSWORD_FILE"] = $"/run/secrets/{own.Name}", ["POSTGRES_USER"] = "postgres" },
            ["configs"] = new[] { new Map { ["source"] = ScriptName, ["target"] = "/docker-entrypoint-initdb.d/10-services.sh" } },
            ["secrets"] = roles.Select(role => role.Secret).Append(own.Name).ToArray(),
            ["volumes"] = new[] { $"{server.Name}-data:/var/lib/postgresql/data" },
            // Over TCP: while the script runs, the server listens on its socket only.
            ["healthcheck"] = ServiceParts.HealthCheck(60, "CMD", "pg_isready", "--quiet", "--host", "127.0.0.1", "--username", "postgres"),
            ["shm_size"] = "128m",
            ["stop_grace_period"] = "60s",
        };
        ServiceParts.AddBounds(service, memory: "1g", processes: 512);
        services[server.Name] = service;
        volumes[$"{server.Name}-data"] = new Map();
        configs[ScriptName] = new Map { ["file"] = "./postgres/10-services.sh" };
        files.Add(new PublishedFile("postgres/10-services.sh", Script(roles)));
    }

    /// <summary>psql quotes names and passwords. Text sorts by its bytes, as in SQLite.</summary>
    private static string Script((string Name, string Secret)[] roles) => string.Concat(roles.Select(role => $"""
        psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --set name={role.Name} --set password="$(cat /run/secrets/{role.Secret})" <<'SQL'
        CREATE ROLE :"name" LOGIN PASSWORD :'password';
        CREATE DATABASE :"name" OWNER :"name" TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C';
        REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
        SQL

        """).Prepend("""
        #!/bin/bash
        # Run once by the image, on a new volume: a database and a role of its own for each service, which no other can open.
        set -euo pipefail

        """).Append("""
        psql --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres --command 'REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC'

        """)).ReplaceLineEndings("\n");
}
