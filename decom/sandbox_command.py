"""`decom sandbox`: what was asked for in, a running server out; prints what must be exported to use it."""

import json
import shlex
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from rich.text import Text

from decom import settings_values as may_be
from decom.answering import Answer
from decom.errors import BadSettings
from decom.flags import Given
from decom.output.screen import Line, Screen
from decom.sandbox import server
from decom.sandbox.account import Generation
from decom.sandbox.limit import Limit
from decom.sandbox.server import SandboxOptions
from decom.vocabulary import ExitCode

T = TypeVar("T")

USUAL = SandboxOptions()


def serve(given: Given, screen: Screen) -> Answer:
    """Serve until stopped. Raises BadSettings where a flag cannot be used, or the port is taken."""
    numbers = _said(given, "numbers", may_be.whole(1, 1_000_000), USUAL.numbers)
    options = SandboxOptions(
        port=_said(given, "port", may_be.whole(0, 65_535), USUAL.port),
        generation=_said(given, "generation", _generation, USUAL.generation),
        seed=_said(given, "seed", may_be.whole(0, 2**31), USUAL.seed),
        numbers=numbers,
        # A small account has fewer of them.
        held=min(USUAL.held, numbers // 4),
        secretly_held=min(USUAL.secretly_held, numbers // 20),
        limit=_said(given, "rate", _limit, USUAL.limit),
    )
    try:
        with suppress(SystemExit, KeyboardInterrupt):  # a signal before the server has its own handlers
            server.serve(options, lambda base_url, key: _announce(base_url, key, screen))
    except OSError as error:
        raise BadSettings(
            f"the port cannot be had: {error.strerror or error}",
            where=f"--port {options.port}",
            remedy="Name another one, or leave --port out for any that is free.",
        ) from error
    return Answer(ExitCode.DONE, json_is_written=True)


def _said(given: Given, name: str, check: Callable[[object], T], usual: T) -> T:
    """A flag's value, or the usual one where it was not given."""
    text = given.settings.get(name)
    try:
        return usual if text is None else check(text)
    except ValueError as error:
        raise BadSettings(
            str(error), where=f"--{name}", remedy="`decom sandbox --help` says what is allowed."
        ) from None


def _generation(text: object) -> Generation:
    return "second" if may_be.one_of("first", "second")(text) == "second" else "first"


def _limit(text: object) -> Limit | None:
    return Limit.parse(str(text))


def _announce(base_url: str, key: str, screen: Screen) -> None:
    """The two lines to be exported go to stdout, so that a shell can evaluate them."""
    if screen.showing.json:
        lines = json.dumps({"base_url": base_url, "api_key": key, "exit_code": int(ExitCode.DONE)})
    else:
        lines = f"export DIALNEXA_BASE_URL={shlex.quote(base_url)}\nexport DIALNEXA_API_KEY={shlex.quote(key)}"
    sys.stdout.write(f"{lines}\n")
    sys.stdout.flush()
    if not screen.showing.quiet:
        screen.say([Line(Text("The sandbox runs. Paste the two lines into another terminal. Ctrl-C ends it."))])
