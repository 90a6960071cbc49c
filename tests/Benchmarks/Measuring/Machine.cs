using System.Runtime.InteropServices;
using FlowPlatform.Benchmarks.Running;
using Npgsql;
using RabbitMQ.Client;

namespace FlowPlatform.Benchmarks.Measuring;

/// <summary>What the figures were measured on.</summary>
internal sealed record Machine(string Processor, int Processors, string Memory, string System, string Runtime, string Configuration, string RabbitMq, string? Postgres, string Sqlite, string Load)
{
    public static async Task<Machine> DescribeAsync(Bench bench) => new(
        Line("/proc/cpuinfo", "model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
        Environment.ProcessorCount,
        $"{GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30):0} GB",
        RuntimeInformation.OSDescription,
        RuntimeInformation.FrameworkDescription,
        IsDebug ? "Debug" : "Release",
        await RabbitMqAsync(bench),
        await PostgresAsync(bench),
        SQLitePCL.raw.sqlite3_libversion().utf8_to_string(),
        File.Exists("/proc/loadavg") ? (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0] : "unknown");

    public string ToMarkdown() =>
        $"{Processor}, {Processors} processors, {Memory}; {System}; {Runtime}, {Configuration}; RabbitMQ {RabbitMq}; {(Postgres is null ? "" : $"Postgres {Postgres}; ")}SQLite {Sqlite}; load average at the start {Load}.";

#if DEBUG
    private static bool IsDebug => true;
#else
    private static bool IsDebug => false;
#endif

    private static string? Line(string file, string name) =>
        File.Exists(file) ? File.ReadLines(file).FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal))?.Split(':', 2)[1].Trim() : null;

    private static async Task<string> RabbitMqAsync(Bench bench)
    {
        await using var connection = await new ConnectionFactory { Uri = bench.AmqpUri }.CreateConnectionAsync("benchmarks");
        return connection.ServerProperties?["version"] is byte[] version ? global::System.Text.Encoding.UTF8.GetString(version) : "unknown";
    }

    private static async Task<string?> PostgresAsync(Bench bench)
    {
        if (bench.PostgresServer is not { } server)
        {
            return null;
        }

        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        return connection.PostgreSqlVersion.ToString();
    }
}
