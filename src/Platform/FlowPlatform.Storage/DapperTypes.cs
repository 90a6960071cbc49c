using System.Data;
using System.Globalization;
using Dapper;
using Microsoft.Data.Sqlite;

namespace FlowPlatform.Storage;

/// <summary>
/// How values travel between .NET and the stores. On SQLite a decimal is a scaled integer, ten-thousandths, so that sums are exact, and a time is ISO 8601 text in UTC, which sorts.
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

        public override void SetValue(IDbDataParameter parameter, decimal value)
        {
            if (parameter is not SqliteParameter)
            {
                parameter.Value = value;
                return;
            }

            var scaled = value * Scale;
            if (scaled != decimal.Truncate(scaled))
            {
                throw new ArgumentException($"{value} has more than four decimals: it can't be stored exactly.");
            }

            parameter.Value = decimal.ToInt64(scaled);
        }

        public override decimal Parse(object value) => value switch
        {
            long scaled => scaled / Scale,
            decimal exact => exact,
            _ => throw new DataException($"An amount can't be read from {value.GetType().Name}: amounts are INTEGER columns of ten-thousandths."),
        };
    }

    private sealed class UtcTime : SqlMapper.TypeHandler<DateTimeOffset>
    {
        public const string Format = "yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'";

        public override void SetValue(IDbDataParameter parameter, DateTimeOffset value) =>
            parameter.Value = parameter is SqliteParameter ? ToText(value) : value.ToUniversalTime();

        public override DateTimeOffset Parse(object value) => ToTime(value);
    }
}
