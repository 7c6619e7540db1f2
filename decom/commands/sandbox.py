"""`decom sandbox`: a made-up account served on this machine."""

import json
import shlex
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import typer

from decom.commands.flags import Flags, Option, command

if TYPE_CHECKING:
    from decom.commands.command import CommandResult
    from decom.output.screen import Screen
    from decom.sandbox.server import SandboxOptions

T = TypeVar("T")

OPTIONS = (
    Option("port", "Port to listen on. Default: any free port.", "N"),
    Option("numbers", "How many numbers the account has. [default: 400]", "N"),
    Option("generation", "Which generation of the API it follows. [default: first]", "first|second"),
    Option("rate", "Its rate limit. [default: 150/60]", "N/SECONDS|none"),
    Option("seed", "The same seed makes the same account.", "N"),
)


def register(app: typer.Typer) -> None:
    """Add the command."""
    command(app, sandbox, *OPTIONS, ignored=("verbose",))


def sandbox(flags: Flags, screen: "Screen") -> "CommandResult":
    """Serve a made-up account on this machine.

    It behaves as the API does. Prints two lines to export, and serves until it is stopped.
    """
    from contextlib import suppress

    from decom.commands.command import CommandResult
    from decom.errors import BadSettings
    from decom.sandbox import server
    from decom.vocabulary import ExitCode

    options = _options(flags)
    try:
        with suppress(SystemExit, KeyboardInterrupt):  # a signal before the server has its own handlers
            server.serve(options, lambda base_url, key: _announce(base_url, key, screen))
    except OSError as error:
        raise BadSettings(
            f"cannot listen on this port: {error.strerror or error}",
            where=f"--port {options.port}",
            remedy="Name another port, or leave --port out to use any free one.",
        ) from error
    return CommandResult(ExitCode.DONE, json_is_written=True)


def _options(flags: Flags) -> "SandboxOptions":
    """What the server is asked for. Raises BadSettings where a flag cannot be used."""
    from decom.sandbox.limit import Limit
    from decom.sandbox.server import SandboxOptions
    from decom.settings import parsing

    usual = SandboxOptions()
    numbers = _parsed(flags, "numbers", parsing.whole(1, 1_000_000), usual.numbers)
    generation = _parsed(flags, "generation", parsing.one_of("first", "second"), str(usual.generation))
    return SandboxOptions(
        port=_parsed(flags, "port", parsing.whole(0, 65_535), usual.port),
        generation="second" if generation == "second" else "first",
        seed=_parsed(flags, "seed", parsing.whole(0, 2**31), usual.seed),
        numbers=numbers,
        # A small account has fewer of them.
        held=min(usual.held, numbers // 4),
        secretly_held=min(usual.secretly_held, numbers // 20),
        limit=_parsed(flags, "rate", lambda said: Limit.parse(str(said)), usual.limit),
    )


def _parsed(flags: Flags, name: str, parse: Callable[[object], T], usual: T) -> T:
    """A flag's value, or the usual one where it was not given."""
    from decom.errors import BadSettings

    said = flags.settings.get(name)
    try:
        return usual if said is None else parse(said)
    except ValueError as error:
        remedy = "`decom sandbox --help` says what is allowed."
        raise BadSettings(str(error), where=f"--{name}", remedy=remedy) from None


def _announce(base_url: str, key: str, screen: "Screen") -> None:
    """The two lines to be exported go to stdout, so that a shell can evaluate them."""
    from rich.text import Text

    from decom.output.screen import Line
    from decom.vocabulary import ExitCode

    if screen.showing.json:
        lines = json.dumps({"base_url": base_url, "api_key": key, "exit_code": int(ExitCode.DONE)})
    else:
        lines = f"export DIALNEXA_BASE_URL={shlex.quote(base_url)}\nexport DIALNEXA_API_KEY={shlex.quote(key)}"
    sys.stdout.write(f"{lines}\n")
    sys.stdout.flush()
    if not screen.showing.quiet:
        screen.say([Line(Text("The sandbox is running. Paste the two lines into another terminal. Ctrl-C stops it."))])
