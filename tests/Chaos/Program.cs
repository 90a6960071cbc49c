using System.Runtime.InteropServices;
using FlowPlatform.Chaos;

using var stopping = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return await CommandLine.RunAsync(args, Console.Out, options => new ChaosRun(options, Console.Out, TimeProvider.System).RunAsync(stopping.Token));

void Stop(PosixSignalContext context)
{
    // Everything that was started is ended first.
    context.Cancel = true;
    stopping.Cancel();
}
