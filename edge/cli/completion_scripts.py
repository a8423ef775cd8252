"""Completion scripts for bash, zsh and fish.

Each script finds the command that the words before the cursor name, then completes its commands, its options, or the
value of the option before the cursor. Nothing of Meshcast runs while a word is completed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from edge.cli.completion_spec import Command

Commands = Sequence[Command]

BASH = """\
# Completion of {program} for bash.
_{program}() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} at={program} index
    COMPREPLY=()
    if [[ $cur == = ]]; then
        cur=
    elif [[ $before == = ]]; then
        before=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
    for ((index = 1; index < COMP_CWORD; index++)); do
        case "$at ${{COMP_WORDS[index]}}" in
            {paths}) at="$at ${{COMP_WORDS[index]}}" ;;
        esac
    done
    case "$at $before" in
{values}
    esac
    case "$at" in
{words}
    esac
}}
complete -o bashdefault -o default -F _{program} {program}
"""

ZSH = """\
#compdef {program}
# Completion of {program} for zsh.
_{program}() {{
    local at={program} before=${{words[CURRENT-1]}} index
    local -a offered
    for ((index = 2; index < CURRENT; index++)); do
        case "$at ${{words[index]}}" in
            {paths}) at="$at ${{words[index]}}" ;;
        esac
    done
    if [[ $PREFIX == --*=* ]]; then
        before=${{PREFIX%%=*}}
        compset -P '*='
    fi
    case "$at $before" in
{values}
    esac
    case "$at" in
{words}
    esac
}}
if [[ ${{funcstack[1]}} == _{program} ]]; then
    _{program} "$@"
else
    compdef _{program} {program}
fi
"""

FISH = """\
# Completion of {program} for fish.
function __{program}_at
    set -l at {program}
    set -l given (commandline -opc)
    for word in $given[2..-1]
        switch "$at $word"
            case {paths}
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
complete -c {program} -f
{lines}
"""


def bash_script(commands: Commands) -> str:
    """The script for bash."""
    values, words = [], []
    for pattern, choices, _ in _values(commands):  # without a reply, bash completes file names
        action = f'COMPREPLY=($(compgen -W "{" ".join(choices)}" -- "$cur")); ' if choices else ""
        values.append(f"        {pattern}) {action}return ;;")
    for command in commands:
        offered = [*(name for name, _ in command.commands), *command.words]
        options = [name for option in command.options for name in option.names]
        words.append(
            f'        "{command.path}")\n'
            f'            if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W "{" ".join(options)}" -- "$cur"))\n'
            f'            else COMPREPLY=($(compgen -W "{" ".join(offered)}" -- "$cur")); fi ;;'
        )
    return BASH.format(program=commands[0].path, paths=_paths(commands), values=_lines(values), words=_lines(words))


def zsh_script(commands: Commands) -> str:
    """The script for zsh."""
    values, words = [], []
    for pattern, choices, files in _values(commands):
        action = f"compadd -- {' '.join(choices)}" if choices else "_files" if files else "_message value"
        values.append(f"        {pattern}) {action}; return ;;")
    for command in commands:
        options = [f"'{name}:{option.about}'" for option in command.options for name in option.names]
        offered = [f"'{name}:{about}'" for name, about in command.commands]
        rest = [f"offered=({' '.join(offered)}); _describe command offered"] if offered else []
        rest += [f"compadd -- {' '.join(command.words)}"] if command.words else []
        rest += ["_files"] if command.files else []
        words.append(
            f'        "{command.path}")\n'
            f"            if [[ $PREFIX == -* ]]; then offered=({' '.join(options)}); _describe option offered\n"
            f"            else {'; '.join(rest) or '_message argument'}; fi ;;"
        )
    return ZSH.format(program=commands[0].path, paths=_paths(commands), values=_lines(values), words=_lines(words))


def fish_script(commands: Commands) -> str:
    """The script for fish."""
    program = commands[0].path
    lines = []
    for command in commands:
        start = f"complete -c {program} -n '__{program}_at \"{command.path}\"'"
        lines += [f"{start} -a {name} -d '{about}'" for name, about in command.commands]
        lines += [f"{start} -a '{' '.join(command.words)}'"] if command.words else []
        lines += [f"{start} -F"] if command.files else []
        for option in command.options:
            names = " ".join(f"-l {n[2:]}" if n.startswith("--") else f"-s {n[1:]}" for n in option.names)
            value = ""
            if option.choices:
                value = f" -x -a '{' '.join(option.choices)}'"
            elif option.takes_value:
                value = " -r -F" if option.files else " -x"
            lines.append(f"{start} {names}{value} -d '{option.about}'")
    paths = " ".join(f"'{command.path}'" for command in commands[1:])
    return FISH.format(program=program, paths=paths, lines="\n".join(lines))


SCRIPTS: Mapping[str, Callable[[Commands], str]] = {"bash": bash_script, "zsh": zsh_script, "fish": fish_script}


def _paths(commands: Commands) -> str:
    return "|".join(f'"{command.path}"' for command in commands[1:])


def _values(commands: Commands) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """A pattern of command and option for each option with a value, its choices, and whether it is a path."""
    for command in commands:
        for option in command.options:
            if option.takes_value:
                yield "|".join(f'"{command.path} {name}"' for name in option.names), option.choices, option.files


def _lines(lines: Sequence[str]) -> str:
    return "\n".join(lines)
