"""What may stand at the end of a command, and the scripts by which shells ask for it."""

from __future__ import annotations

from argparse import SUPPRESS, Action
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePath

from gp_segmentation.cli.conf_folder import groups, keys
from gp_segmentation.cli.help import parser
from gp_segmentation.cli.verbs import DASHED, VERBS, WHOLE_JOB, App, named

FLAGS = ("--cfg", "--help", "--hydra-help", "--info", "--multirun", "-m")
#: What `--cfg` shows.
SHOWN = ("all", "hydra", "job")
#: The group of what runs the jobs of a sweep, and Hydra's own options of it; the project has others.
LAUNCHER, LAUNCHERS = "hydra/launcher", ("basic", "joblib", "ray", "ray_cluster")

#: `gpseg completion --words` prints a word a line. Bash splits words at = and takes what follows it.
SCRIPTS = {
    "bash": """_gpseg() {
  local IFS=$'\\n'
  COMPREPLY=($(gpseg completion --words "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null))
  case "${COMPREPLY[0]-}" in *=) compopt -o nospace 2>/dev/null ;; esac
}
complete -o default -F _gpseg COMMANDS
""",
    "zsh": """_gpseg() {
  local -a found ends
  found=("${(@f)$(gpseg completion --words "${(@)words[1,CURRENT]}" 2>/dev/null)}")
  ends=(${(M)found:#*=})
  found=(${found:#*=})
  (( $#ends )) && compadd -Q -S '' -- $ends
  (( $#found )) && compadd -Q -- $found
  (( $#ends + $#found )) || _files
}
compdef _gpseg COMMANDS
""",
    "fish": """for command in COMMANDS
  complete -c $command -a '(gpseg completion --words (commandline -opc) (commandline -ct) 2>/dev/null)'
end
""",
}


def script(shell: str) -> str:
    """Return the script of a shell."""
    return SCRIPTS[shell].replace("COMMANDS", " ".join(["gpseg", *(f"gpseg-{name}" for name in DASHED)]))


def candidates(words: Sequence[str], root: Path) -> list[str]:
    """Return what the last of `words` may become, sorted.

    Where the shell split words at =, only what follows the = is returned.

    Parameters
    ----------
    words : of a command line, from the command on; the last may be empty, or begun.
    """
    prog, *typed = _joined(words)
    last = typed.pop() if typed else ""
    found = sorted({word for word in _continuations(prog, typed, last, root) if word.startswith(last)})
    split = "=" in words[-2:]
    cut = last.rfind("=") + 1 if split else 0
    return [word[cut:] for word in found]


def _joined(words: Sequence[str]) -> list[str]:
    """Return the words as they were typed: ``scaler``, ``=``, ``rob`` is one."""
    joined: list[str] = []
    for number, word in enumerate(words):
        if joined and (word == "=" or (number and words[number - 1] == "=")):
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _continuations(prog: str, typed: Sequence[str], last: str, root: Path) -> Iterator[str]:
    """Yield what may stand where `last` does, after the words `typed`."""
    name = named(PurePath(prog).stem)
    first = name is None
    if name is None and typed and typed[0] in VERBS:
        name, typed = typed[0], typed[1:]
    if first and not typed and name is None:
        yield from VERBS
    verb = VERBS[name or WHOLE_JOB]
    before = typed[-1] if typed else ""
    if isinstance(verb, App):
        yield from SHOWN if before == "--cfg" else _settings(verb, typed, last, root)
        return
    actions = [action for action in parser(verb, "")._actions if action.help != SUPPRESS]
    with_value = [action for action in actions if before in action.option_strings and action.nargs != 0]
    if with_value:
        yield from _values(with_value[0], root)
    else:
        yield from (option for action in actions for option in action.option_strings if option != "-h")
        yield from (str(c) for action in actions if not action.option_strings for c in action.choices or ())


def _values(action: Action, root: Path) -> Iterable[str]:
    """Yield the values of an argument: its choices, or the options of the group that it is called after."""
    found = {group.name.upper(): group for group in groups(root)}
    if str(action.metavar) in found:
        return [option.name for option in found[str(action.metavar)].options]
    return [str(choice) for choice in action.choices or ()]


def _settings(verb: App, typed: Sequence[str], last: str, root: Path) -> Iterator[str]:
    """Yield groups and keys, each with its =, and after the = the options of a group."""
    options = {group.name: [option.name for option in group.options] for group in groups(root, verb.config)}
    options[LAUNCHER] = [*LAUNCHERS, *(file.stem for file in (root / "conf" / LAUNCHER).glob("*.yaml"))]
    key, equals, value = last.partition("=")
    if equals:
        begun = value[: value.rfind(",") + 1]  # of a sweep: scaler=standard,robust
        yield from (f"{key}={begun}{option}" for option in options.get(key, ()))
    elif last.startswith("-"):
        yield from FLAGS
    else:
        yield from (f"{group}=" for group in options)
        if last:
            yield from (f"{key}=" for key in keys(root, typed, verb.config))
