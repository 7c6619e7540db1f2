"""The flags of the command line: a command function in, a Typer command with its flags out.

A setting that a command offers becomes a flag by itself, from its entry in the catalogue. What a value may be is the
settings' affair: here every value is text, so that a wrong one gets the same answer wherever it comes from.

Light, since `--help` loads it.
"""

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from decom.settings.catalogue import BY_NAME, offered_by
from decom.settings.setting import Setting

if TYPE_CHECKING:
    from decom.commands.command import CommandResult

HELP = ["--help", "-h"]

Input = Annotated[
    Path, typer.Argument(metavar="INPUT", help="A CSV file or a workbook, - for CSV on stdin, or a job file (.toml).")
]
A_RUN = "A run ID, 4 or more characters of one, `latest`, or a run's folder"
"""How a run is named, for the help."""

Run = Annotated[str, typer.Argument(metavar="RUN", help=f"{A_RUN}.")]


@dataclass(frozen=True, slots=True)
class Option:
    """One flag of a command."""

    name: str
    """`--` and hyphens make the flag."""
    help: str
    metavar: str = ""
    """What stands for its value in the help; empty for a switch, which has none."""
    short: str = ""
    """Its one-letter form, such as `-q`."""
    repeatable: bool = False
    """Whether it may be given several times."""


EXECUTE = Option("execute", "Release the numbers. Without this flag, nothing is changed.")
YES = Option("yes", "Skip the confirmation prompt.", short="-y")
SHOWING = (
    Option("json", "Print one JSON object on stdout and nothing else."),
    Option("quiet", "Print nothing on success, a short summary otherwise.", short="-q"),
    Option("verbose", "More detail on stderr.", short="-v"),
    Option("no_color", "No colors. The variable NO_COLOR does the same."),
)
_SHORT = {"output": "-o"}
"""Of settings."""


@dataclass(frozen=True, slots=True)
class Flags:
    """What is on the command line beside the arguments."""

    settings: Mapping[str, str | list[str]]
    """Flags that are settings, by the setting's name; only those that were given. A list where it may be repeated."""
    switches: frozenset[str]
    """Flags without a value that were given: `json`, `quiet`, `verbose`, `no_color`, `yes`, `execute`."""


def command(
    app: typer.Typer, function: "Callable[..., CommandResult]", *options: Option, ignored: tuple[str, ...] = ()
) -> None:
    """Add a function that takes its arguments, `flags` and `screen` as a command of its name.

    It gets these options, the settings that it offers, and those that say how much is shown. `ignored` are flags that
    it takes without showing them, since they have no effect on it and scripts give them to every command.
    """
    name = function.__name__
    settings = [_option(setting) for setting in offered_by(name)]
    hidden = [_option(BY_NAME[each]) for each in ignored if each in BY_NAME]
    switches = {each.name for each in (*options, *SHOWING) if each.metavar == ""}

    @functools.wraps(function)
    def called(**values: Any) -> int:
        from decom.commands.command import run_command  # the terminal's library takes time to load

        values.pop("version")
        found = {each.name: values.pop(each.name) for each in (*options, *settings, *hidden, *SHOWING)}
        flags = Flags(
            {name: value for name, value in found.items() if name not in switches and value not in (None, [])},
            frozenset(name for name in switches if found[name]),
        )
        return run_command(flags, lambda screen: function(**values, flags=flags, screen=screen))

    own = [each for each in inspect.signature(function).parameters.values() if each.name not in ("flags", "screen")]
    shown = [_parameter(each, hidden=each.name in ignored) for each in (*options, *settings, *hidden, *SHOWING)]
    signature = inspect.Signature([*own, *shown, _VERSION], return_annotation=int)
    called.__signature__ = signature  # type: ignore[attr-defined]  # what inspect asks first, and Typer asks inspect
    called.__annotations__ = {each.name: each.annotation for each in signature.parameters.values()}
    app.command(context_settings={"help_option_names": HELP})(called)


def print_version(wanted: bool) -> None:
    """Print the version and end, if that was asked for."""
    if wanted:
        from importlib.metadata import version  # costs every other command 30 ms

        typer.echo(f"decom {version('decom')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=print_version, is_eager=True, help="Show the version and exit.")
]
_VERSION = inspect.Parameter("version", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=Version)


def _option(setting: Setting) -> Option:
    """A setting as a flag, with its default and its variable behind its help."""
    assert setting.flag is not None
    facts = {"default": setting.default, "env": setting.env}
    known = ", ".join(f"{name}: {value}" for name, value in facts.items() if value is not None)
    repeatable = " Repeatable." if setting.flag.repeatable else ""
    words = f"{setting.help}{repeatable}{f' [{known}]' if known != '' else ''}"
    return Option(
        setting.name, words, setting.flag.metavar, _SHORT.get(setting.name, ""), repeatable=setting.flag.repeatable
    )


def _parameter(option: Option, *, hidden: bool) -> inspect.Parameter:
    names = [f"--{option.name.replace('_', '-')}", *([option.short] if option.short != "" else [])]
    kind: Any = bool
    default = False if option.metavar == "" else None
    if option.metavar != "":
        kind = list[str] | None if option.repeatable else str | None
    typed = typer.Option(*names, metavar=option.metavar or None, help=option.help, hidden=hidden)
    return inspect.Parameter(
        option.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=Annotated[kind, typed]
    )
