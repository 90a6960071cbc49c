using System.Text;

namespace FlowPlatform.Orchestration.Publishing.Compose;

/// <summary>The script that makes the secrets where the application is deployed.</summary>
internal static class SecretScript
{
    public const string Name = "secrets.sh";

    private const string Head = """
        #!/bin/sh
        # Makes what is secret, below secrets/: each value once, at random, in secrets/values/; from them the files that containers get. Run it before the first start, and after each
        # publish. Values that are there stay. To choose one, write it (letters and digits) into secrets/values/NAME before. Keep secrets/values with the volumes' backups: the
        # broker and the databases remember the passwords that they were made with.
        set -eu
        cd "$(dirname "$0")"
        # The directory keeps other users of this machine out; the files in it must be readable for the containers' users.
        mkdir -p secrets/values
        chmod 700 secrets secrets/values

        value() {
          if [ ! -s "secrets/values/$1" ]; then
            (umask 077 && LC_ALL=C tr -dc 'A-HJ-NP-Za-km-z2-9' < /dev/urandom | head -c 32 > "secrets/values/$1.new" && mv "secrets/values/$1.new" "secrets/values/$1")
          fi
          case "$(cat "secrets/values/$1")" in
            *[!A-Za-z0-9]*) echo "secrets/values/$1 may have letters and digits only." >&2; exit 1 ;;
          esac
        }

        file() {
          name="$1"
          shift
          # The file stays the same one: containers that run have it mounted.
          [ -e "secrets/$name" ] && chmod 644 "secrets/$name"
          printf '%s' "$@" > "secrets/$name"
          chmod 444 "secrets/$name"
        }


        """;

    public static string Write(IReadOnlyList<SecretFile> files)
    {
        var script = new StringBuilder(Head.ReplaceLineEndings("\n"));
        foreach (var parameter in files.SelectMany(file => file.Text.Parts).Select(part => part.Secret).OfType<string>().Distinct().Order(StringComparer.Ordinal))
        {
            script.Append($"value {parameter}\n");
        }
        script.Append('\n');
        foreach (var file in files)
        {
            script.Append($"file {file.Name} {string.Join(' ', file.Text.Parts.Select(Argument))}\n");
        }
        return script.ToString();
    }

    private static string Argument(DeploymentPart part) => part.Secret is { } parameter ? $"\"$(cat secrets/values/{parameter})\"" : $"'{part.Literal.Replace("'", @"'\''", StringComparison.Ordinal)}'";
}
