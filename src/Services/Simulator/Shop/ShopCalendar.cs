namespace Simulator.Shop;

/// <summary>
/// When orders come in: 07:00 to 20:00 except Saturdays, with a peak in November. The n-th order has its time by formula, so a restarted shop
/// needs no history. Times never fall and lie on whole minutes, as the dataset's, UTC. The shop doubles its orders every year, so that a
/// thousand orders take weeks of event time and the year 2100, which services refuse, is years of running away. Thread-safe.
/// </summary>
/// <param name="ordersInFirstYear">Orders in the first year.</param>
internal sealed class ShopCalendar(long ordersInFirstYear)
{
    public const int FirstYear = 2011;
    private const int EndYear = 2100;
    private const int DoublingYears = 10;

    // Orders of each month and each hour from 07:00, relative; after the dataset's own.
    private static readonly double[] Months = [5, 5, 7, 6, 8, 8, 7, 7, 9, 10, 14, 10];
    private static readonly double[] Hours = [1, 4, 7, 11, 12, 16, 14, 13, 11, 7, 4, 1, 1];

    private Year? year;

    /// <summary>Number of orders before the calendar ends.</summary>
    public long Capacity { get; } = Enumerable.Range(0, EndYear - FirstYear).Sum(years => OrdersIn(ordersInFirstYear, years));

    /// <summary>Time of order <paramref name="index"/>, from 0; of the last one for all beyond <see cref="Capacity"/>.</summary>
    public DateTimeOffset TimeOf(long index)
    {
        var (years, before) = (0, Math.Min(index, Capacity - 1));
        for (var orders = ordersInFirstYear; before >= orders; orders = OrdersIn(ordersInFirstYear, ++years))
        {
            before -= orders;
        }

        var number = FirstYear + years;
        var current = Volatile.Read(ref year);
        if (current?.Number != number)
        {
            Volatile.Write(ref year, current = new Year(number));
        }

        return current.At((before + 0.5) / OrdersIn(ordersInFirstYear, years));
    }

    private static long OrdersIn(long first, int years) => first << Math.Min(years, DoublingYears);

    // Cumulative weights of a year's opening hours.
    private sealed class Year
    {
        private readonly List<DateTimeOffset> hours = [];
        private readonly List<double> until = [];
        private readonly double total;

        public Year(int number)
        {
            Number = number;
            for (var day = new DateTimeOffset(number, 1, 1, 0, 0, 0, TimeSpan.Zero); day.Year == number; day = day.AddDays(1))
            {
                if (day.DayOfWeek == DayOfWeek.Saturday)
                {
                    continue;
                }

                for (var hour = 0; hour < Hours.Length; hour++)
                {
                    total += Months[day.Month - 1] * Hours[hour];
                    hours.Add(day.AddHours(7 + hour));
                    until.Add(total);
                }
            }
        }

        public int Number { get; }

        // fraction: share of the year's orders that came before, 0 to 1.
        public DateTimeOffset At(double fraction)
        {
            var target = fraction * total;
            var found = until.BinarySearch(target);
            var slot = Math.Min(found >= 0 ? found : ~found, until.Count - 1);
            var before = slot == 0 ? 0 : until[slot - 1];
            return hours[slot].AddMinutes(Math.Floor(Math.Clamp((target - before) / (until[slot] - before), 0, 0.9999) * 60));
        }
    }
}
