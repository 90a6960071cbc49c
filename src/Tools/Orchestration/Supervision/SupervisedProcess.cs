using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Supervision;

internal sealed class SupervisedProcess(ChildProcess child, ProcessJournal journal, TimeProvider time) : ISupervised
{
    public Task<int> Exited => child.Exited;

    public int? ProcessId => child.ProcessId;

    public async Task StopAsync(TimeSpan grace)
    {
        await child.StopAsync(grace, time);
        journal.Remove(child.ProcessId);
        await child.DisposeAsync();
    }

    public void Kill() => child.Kill();
}
