using FlowPlatform.Orchestration.Processes;

namespace FlowPlatform.Orchestration.Tests.Supervision;

public sealed class ProcessJournalTests
{
    [Fact]
    public void A_process_that_ended_before_it_was_noted_can_be_removed()
    {
        using var folder = new TemporaryFolder();
        new ProcessJournal(folder.File("processes")).Remove(1);
        Directory.Exists(folder.File("processes")).ShouldBeFalse();
    }
}
