"""The flags of all commands in one table; a command function in, a Typer command with its flags out.

What a flag's value may be is the settings' affair: here every value is text, so that a wrong one gets the same answer
wherever it comes from.
"""

import functools
import inspect
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

HOME = "home"
BASE_URL = "base_url"


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag."""

    name: str
    """As a setting; `--` and hyphens make the flag."""
    metavar: str
    """What stands for its value in the help; empty for a flag without one."""
    help: str
    repeatable: bool = False
    """Whether it may be given several times."""


PLACE = (
    Flag(HOME, "DIR", "Where the ledger and the lock are."),
    Flag("output", "DIR", "Where each run gets its folder."),
    Flag(BASE_URL, "URL", "Where the service is; its host is shown before anything is released."),
)
PACE = (
    Flag("rate", "N/SECONDS|auto|none", "Most requests; auto follows the service's own headers."),
    Flag("concurrency", "N", "Most requests in flight."),
)
SHOWING = (
    Flag("json", "", "One JSON object on stdout, nothing else there."),
    Flag("quiet", "", "Nothing where all is well; else a few lines."),
    Flag("verbose", "", "Tell more on stderr."),
    Flag("no_color", "", "No colours; NO_COLOR does the same."),
)
COMMON = (*PLACE, *PACE, *SHOWING)
READING = (
    Flag("column", "NAME", "The column that holds the IDs or numbers."),
    Flag("sheet", "NAME", "The sheet of a workbook."),
    Flag("region", "CC", "The country of numbers written without a country code, such as IN."),
    Flag("hidden_rows", "include|skip", "What to do with rows that a sheet hides; refused unless said."),
)
SELECTING = (
    Flag("only", "VALUE", "Only these rows: an ID, a number, or column=value. May be repeated.", repeatable=True),
    Flag("exclude", "VALUE", "Not these rows: an ID, a number, or column=value. May be repeated.", repeatable=True),
    Flag("limit", "N", "Release the first N numbers at most."),
    Flag(
        "ignore_column", "NAME", "A column that does not say which rows to release. May be repeated.", repeatable=True
    ),
)
GUARDS = (
    Flag("max_release", "N", "Most numbers one run may release."),
    Flag("max_share", "F", "Largest share of the account's numbers one run may release."),
    Flag("max_missing", "F", "Largest share of the rows that the account may not know."),
    Flag("max_cost", "USD", "Largest monthly cost of the numbers that one run may release."),
    Flag("protect", "FILE", "IDs and numbers that must never be released, one a line."),
    Flag("accept_unchecked", "SOURCE", "Release although this source of conflicts was not checked.", repeatable=True),
)
HOURS = (
    Flag("window", "HH:MM-HH:MM", "Work only in these hours; go on with resume."),
    Flag("timezone", "NAME", "The zone of --window, such as Europe/Berlin; else the machine's."),
    Flag("deadline", "TIME", "Stop politely after so long, such as 3h."),
)
LEAVE = (Flag("yes", "", "Release without asking."),)
EXECUTE = (Flag("execute", "", "Carry the plan out; without it nothing is changed."),)

SANDBOX = (
    Flag("port", "N", "Where it listens on this machine; any that is free unless given."),
    Flag("numbers", "N", "How many its account has; 400 unless given."),
    Flag("generation", "first|second", "Which of the service's two sets of documents it follows."),
    Flag("rate", "N/SECONDS|none", "Its rate limit; 150/60 unless given."),
    Flag("seed", "N", "The same seed makes the same account."),
)

_SWITCHES = frozenset({"json", "quiet", "verbose", "no_color", "yes", "execute"})


@dataclass(frozen=True, slots=True)
class Given:
    """What stood on the command line beside the arguments."""

    settings: Mapping[str, str | list[str]]
    """Flags that are settings, by the setting's name; only those that were given. A list where it may be repeated."""
    switches: frozenset[str]
    """Flags without a value that were given: `json`, `quiet`, `verbose`, `no_color`, `yes`, `execute`."""

    def place_flags(self) -> str:
        """The flags that another command about the same run needs too, to be put behind it: ` --home h`."""
        return "".join(
            f" --{name.replace('_', '-')} {shlex.quote(str(self.settings[name]))}"
            for name in (HOME, BASE_URL)
            if name in self.settings
        )


def command(app: typer.Typer, *flags: Flag) -> Callable[[Callable[..., int]], Callable[..., int]]:
    """Make a Typer command of a function that takes its arguments and `given`, with these flags and `--version`."""

    def made(function: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(function)
        def called(**values: Any) -> int:
            values.pop("version")
            found = {flag.name: values.pop(flag.name) for flag in flags}
            switches = frozenset(name for name in found if name in _SWITCHES and found[name])
            settings = {
                name: value for name, value in found.items() if name not in _SWITCHES and value not in (None, [])
            }
            return function(**values, given=Given(settings, switches))

        own = [each for each in inspect.signature(function).parameters.values() if each.name != "given"]
        signature = inspect.Signature([*own, *map(_parameter, flags), _VERSION], return_annotation=int)
        called.__signature__ = signature  # type: ignore[attr-defined]  # what inspect asks first, and Typer asks inspect
        called.__annotations__ = {each.name: each.annotation for each in signature.parameters.values()}
        app.command()(called)
        return called

    return made


def print_version(wanted: bool) -> None:
    """Print the version and end, if that was asked for."""
    if wanted:
        from importlib.metadata import version  # costs every other command 30 ms

        typer.echo(f"decom {version('decom')}")
        raise typer.Exit


def _parameter(flag: Flag) -> inspect.Parameter:
    name = f"--{flag.name.replace('_', '-')}"
    annotation: Any
    default: object
    if flag.name in _SWITCHES:
        annotation, default = Annotated[bool, typer.Option(name, help=flag.help)], False
    else:
        kind: Any = list[str] | None if flag.repeatable else str | None
        annotation, default = Annotated[kind, typer.Option(name, metavar=flag.metavar, help=flag.help)], None
    return inspect.Parameter(flag.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


_VERSION = inspect.Parameter(
    "version",
    inspect.Parameter.KEYWORD_ONLY,
    default=False,
    annotation=Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Show the version and end.")
    ],
)
