using System.Runtime.CompilerServices;

namespace FlowPlatform.Simulation;

/// <summary>Awaited, it lets others run, any number of them; the process may be killed meanwhile. Without a task of its own: there is one for every statement.</summary>
internal readonly struct Turn(Lane lane) : ICriticalNotifyCompletion
{
    public bool IsCompleted => false;

    public Turn GetAwaiter() => this;

    public void GetResult()
    {
    }

    public void OnCompleted(Action continuation) => lane.Post(continuation);

    public void UnsafeOnCompleted(Action continuation) => lane.Post(continuation);
}
