using System.CommandLine;

namespace FlowPlatform.Cli;

/// <summary>Options that are whole numbers within bounds.</summary>
internal static class Numbers
{
    public static Option<int> Option(string name, string description, string unit, int usual, int most)
    {
        var option = new Option<int>(name) { Description = $"{description}, 1 to {most}", HelpName = unit, DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && (!int.TryParse(result.Tokens[0].Value, out var number) || number < 1 || number > most))
            {
                result.AddError($"{name} is '{result.Tokens[0].Value}'; it must be a whole number from 1 to {most}.");
            }
        });
        return option;
    }
}
