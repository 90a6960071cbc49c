using FlowPlatform.Cli;

return await FlowCli.RunAsync(args, Terminal.OfProcess(), CancellationToken.None);
