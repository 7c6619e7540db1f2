"""What a person sees, and where: text in, lines on stdout and stderr out, that no text can take over.

Data goes to stdout, everything else to stderr. Colours have one meaning each, and every one comes with a word.
"""

import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from decom.errors import DecomError
from decom.vocabulary import Decision, Outcome

DONE, HELD, BAD, QUIET = "green", "yellow", "red", "dim"
"""What the colours say: as it should be; held back or not checked; wrong; nothing to do."""

COLOURS = {
    Outcome.RELEASED: DONE,
    Outcome.MISSING: DONE,
    Outcome.CONFLICTED: HELD,
    Outcome.FAILED: BAD,
    Outcome.UNKNOWN: BAD,
    Outcome.NOT_ATTEMPTED: BAD,
    Outcome.PROTECTED: QUIET,
    Outcome.INVALID: HELD,
    Outcome.DUPLICATE: QUIET,
    Outcome.NOT_SELECTED: QUIET,
    Decision.RELEASE: DONE,
}
"""By outcome; decisions are the same words, but for one."""

_KEPT = "\u200c\u200d"
"""Joiners without which names in some scripts fall apart."""
_STRIPPED = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_MOST_SHOWN = 1_000
_SIZES = ("COLUMNS", "LINES")
_SIZE = re.compile(r"[2-9][0-9]|[1-9][0-9]{2,3}", re.ASCII)
"""From 20 to 9,999: what a terminal's size may be said to be; for anything else the terminal itself is asked."""
_FEWEST_COLUMNS, _USUAL_COLUMNS = 20, 80


def harmless(text: str, most: int = _MOST_SHOWN) -> str:
    """Text from a file or the service as a terminal may see it: in one line, no control, bidi or unseen character.

    At most `most` characters, the last of which says that it was cut.
    """
    if len(text) > most:
        text = f"{text[: most - 1]}…"
    if text.isprintable():
        return text
    return "".join(map(_harmless, text))


def _harmless(character: str) -> str:
    if character in "\n\r\t":
        return " "
    if unicodedata.category(character) == "Zs":
        return " "
    return character if character in _KEPT or unicodedata.category(character) not in _STRIPPED else ""


def counted(number: int, noun: str) -> str:
    """`1 number`, `1,240 numbers`"""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Showing:
    """How much a person, or a script, wants to see."""

    json: bool = False
    """One JSON object on stdout and nothing else there."""
    quiet: bool = False
    """Nothing, where all is well."""
    verbose: bool = False
    colour: bool = True


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text."""

    text: Text
    indent: int = 0
    """Columns."""
    whole: bool = False
    """Whether it must never be folded: a path, a command."""


Renderable = RenderableType | Line


class Screen:
    """The two consoles of a command."""

    def __init__(self, showing: Showing) -> None:
        self.showing = showing
        self.out = _console(sys.stdout.isatty(), showing, stderr=False)
        self.err = _console(sys.stderr.isatty(), showing, stderr=True)

    @property
    def live(self) -> bool:
        """Whether something may move on stderr."""
        return self.err.is_terminal and not self.err.is_dumb_terminal and not self.showing.quiet

    @property
    def asks(self) -> bool:
        """Whether there is a person who sees a question and can answer it."""
        return sys.stdin is not None and sys.stdin.isatty() and self.err.is_terminal

    def show(self, lines: Iterable[Renderable], *, even_if_quiet: bool = False) -> None:
        """Data for people: to stdout, unless that is for JSON, or nothing is wanted."""
        if not self.showing.json and (even_if_quiet or not self.showing.quiet):
            for line in lines:
                _print(self.out, line)

    def say(self, lines: Iterable[Renderable]) -> None:
        """Everything else: to stderr."""
        for line in lines:
            _print(self.err, line)

    def say_error(self, error: DecomError) -> None:
        """What is wrong, where, and what to do."""
        self.say(error_lines(error))


def error_lines(error: DecomError) -> Iterator[Renderable]:
    """What is wrong, where, and what to do; never folded, since it may hold something to be typed."""
    place = "" if error.where is None else f"{harmless(error.where)}: "
    yield Line(Text.assemble(("Error: ", f"bold {BAD}"), place, harmless(error.what)), whole=True)
    for line in (error.remedy or "").splitlines():
        yield Line(Text(harmless(line)), whole=True)


def _print(console: Console, part: Renderable) -> None:
    """Fold lines on a terminal, under their own indent; leave them whole where a program or a file gets them."""
    if not isinstance(part, Line):
        if isinstance(part, Table) and not console.is_terminal:
            part.box = None
        console.print(part)
    elif part.whole or not console.is_terminal:
        console.print(Text.assemble(" " * part.indent, part.text), soft_wrap=True)
    else:
        console.print(Padding(part.text, (0, 0, 0, part.indent)))


def _console(is_terminal: bool, showing: Showing, *, stderr: bool) -> Console:
    # Some shells and schedulers export COLUMNS=0, and rich would then show nothing at all: not even the question.
    believed = {name: value for name, value in os.environ.items() if name not in _SIZES or _SIZE.fullmatch(value)}
    console = Console(
        _environ=believed,
        stderr=stderr,
        force_terminal=is_terminal,
        no_color=None if showing.colour else True,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=False,
    )
    # A terminal that says it is narrower than any is folds long lines by itself, and then shows all of them.
    if console.width < _FEWEST_COLUMNS:
        console.width = _USUAL_COLUMNS
    return console
