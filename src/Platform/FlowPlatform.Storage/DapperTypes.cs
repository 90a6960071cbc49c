using System.Data;
using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Storage;

/// <summary>
/// How values travel between .NET and the stores. A decimal has four decimals at most; on SQLite it is a scaled integer, so that sums are exact, on Postgres a <c>numeric</c>. A time is ISO 8601
/// text in UTC on SQLite, which sorts, and a <c>timestamptz</c> on Postgres, which has microseconds.
/// </summary>
internal static class DapperTypes
{
    private static readonly Lazy<bool> Registered = new(() =>
    {
        SqlMapper.RemoveTypeMap(typeof(decimal));
        SqlMapper.RemoveTypeMap(typeof(decimal?));
        SqlMapper.AddTypeHandler(new ScaledDecimal());
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset));
        SqlMapper.RemoveTypeMap(typeof(DateTimeOffset?));
        SqlMapper.AddTypeHandler(new UtcTime());
        return true;
    });

    public static bool Register() => Registered.Value;

    /// <summary>A time as SQLite keeps it.</summary>
    public static string ToText(DateTimeOffset time) => time.UtcDateTime.ToString(UtcTime.Format, CultureInfo.InvariantCulture);

    /// <summary>A time as Postgres can keep it. Cut here: the driver would round times before 2000 the other way.</summary>
    public static DateTimeOffset ToMicroseconds(DateTimeOffset time) => time.AddTicks(-(time.Ticks % TimeSpan.TicksPerMicrosecond));

    /// <summary>A time as a store gave it.</summary>
    public static DateTimeOffset ToTime(object value) => value switch
    {
        string text => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal),
        DateTimeOffset time => time,
        DateTime time => new DateTimeOffset(DateTime.SpecifyKind(time, DateTimeKind.Utc)),
        _ => throw new DataException($"A time can't be read from {value.GetType().Name}."),
    };

    private sealed class ScaledDecimal : SqlMapper.TypeHandler<decimal>
    {
        private const decimal Scale = 10_000m;

        // Dividing by it takes trailing zeros away, so that an amount looks alike from either store.
        private const decimal One = 1.0000000000000000000000000000m;

        public override void SetValue(IDbDataParameter parameter, decimal value)
        {
            var scaled = value * Scale;
            if (scaled != decimal.Truncate(scaled))
            {
                throw new ArgumentException($"{value} has more than four decimals: it can't be stored exactly.");
            }

            parameter.Value = parameter is SqliteParameter ? decimal.ToInt64(scaled) : value;
        }

        public override decimal Parse(object value) => value switch
        {
            long scaled => scaled / Scale,
            decimal exact => exact / One,
            _ => throw new DataException($"An amount can't be read from {value.GetType().Name}: amounts are INTEGER columns of ten-thousandths."),
        };
    }

    private sealed class UtcTime : SqlMapper.TypeHandler<DateTimeOffset>
    {
        public const string Format = "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'";

        public override void SetValue(IDbDataParameter parameter, DateTimeOffset value) =>
            parameter.Value = parameter is SqliteParameter ? ToText(value) : ToMicroseconds(value).ToUniversalTime();

        public override DateTimeOffset Parse(object value) => ToTime(value);
    }
}
