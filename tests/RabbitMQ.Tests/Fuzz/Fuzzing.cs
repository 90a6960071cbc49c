using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace FlowPlatform.RabbitMQ.Tests.Fuzz;

/// <summary>Runs a property on many inputs, and makes one that breaks it smaller. FLOW_FUZZ_CASES is how many of each (default 8,000).</summary>
internal static class Fuzzing
{
    private const int Longest = 8;

    /// <summary>What a case may allocate besides what it announces: exceptions, their stack traces, a slab for bodies.</summary>
    private const long Overhead = 512 * 1024;

    public static int Cases { get; } = int.Parse(Environment.GetEnvironmentVariable("FLOW_FUZZ_CASES") ?? "8000", CultureInfo.InvariantCulture);

    private static Arbitrary<int[]> Programs { get; } = Arb.From(
        Gen.Choose(1, Longest).SelectMany(length => Gen.Choose(int.MinValue, int.MaxValue).ArrayOf(length)), Shorter);

    /// <summary>Every input either is read or ends in a declared exception, and allocates no more than it may.</summary>
    /// <param name="samples">Sound inputs.</param>
    /// <param name="read">Reads one.</param>
    /// <param name="declared">True for exceptions that its documentation names.</param>
    /// <param name="announced">Most bytes that reading so many may allocate.</param>
    public static void Survives(IReadOnlyList<byte[]> samples, Action<byte[]> read, Func<Exception, bool> declared, Func<int, long> announced)
    {
        // Once outside of the measurement: what is allocated for the first time only.
        samples.ToList().ForEach(sample => Try(sample, read, declared));
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(Cases).WithQuietOnSuccess(true),
            Prop.ForAll(Programs, program =>
            {
                var bytes = Mutator.Apply(samples, program);
                var before = GC.GetAllocatedBytesForCurrentThread();
                Try(bytes, read, declared);
                var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
                return allocated <= announced(bytes.Length) + Overhead
                    ? true
                    : throw new InvalidOperationException($"{bytes.Length} bytes made it allocate {allocated:N0}: {Convert.ToHexString(bytes)}");
            }));
    }

    /// <summary>A property of numbers.</summary>
    public static void Holds(Action<int[]> property) => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(Cases).WithQuietOnSuccess(true),
        Prop.ForAll(Programs, program =>
        {
            property(program);
            return true;
        }));

    private static void Try(byte[] bytes, Action<byte[]> read, Func<Exception, bool> declared)
    {
        try
        {
            read(bytes);
        }
        catch (Exception thrown) when (declared(thrown))
        {
            // What it is documented to say of bytes like these.
        }
        catch (Exception thrown)
        {
            throw new InvalidOperationException($"{thrown.GetType().Name} is not declared: {thrown.Message} on {Convert.ToHexString(bytes)}", thrown);
        }
    }

    private static IEnumerable<int[]> Shorter(int[] program)
    {
        for (var index = 1; index < program.Length; index++)
        {
            yield return [.. program[..index], .. program[(index + 1)..]];
        }
    }
}
