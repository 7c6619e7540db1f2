"""Log lines, set up once. In: events from everywhere. Out: JSON lines on stderr, or people's words on a terminal.

One object a line, in ASCII, with `time`, `level`, `event` (a stable word) and, while a run goes on, `run_id`. No
tracebacks and no local variables; a secret is replaced wherever it would occur, in whatever value.
"""

import asyncio
import json
import logging
import math
import sys
import threading
from collections.abc import Callable, MutableMapping, Sequence
from enum import Enum
from pathlib import Path
from typing import Any

import structlog

from decom.clock import Clock
from decom.output.screen import harmless
from decom.releasing.events import Began, Done, Event, Paused, Stopping
from decom.settings.secret import Masker, Secret

PROGRESS_EVERY = 30.0
"""Seconds between two `progress` lines."""
Fields = MutableMapping[str, Any]
_FIRST = ("time", "level", "event", "run_id")

log = structlog.get_logger()


class Verbosity(Enum):
    """How much is told."""

    QUIET = logging.ERROR
    """Errors only."""
    PEOPLE = logging.WARNING
    """What a person at a terminal should know."""
    USUAL = logging.INFO
    """Each number's fate, for a log that is kept."""
    VERBOSE = logging.DEBUG


def setup(*, json_lines: bool, verbosity: Verbosity, secrets: Sequence[Secret] = ()) -> None:
    """Set logging up; may be called again, such as when a key has become known.

    `json_lines` False: short lines for people. The libraries below have their say from warnings on.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            _without_tracebacks,
            _Masked(_as_json if json_lines else _for_people, Masker(secrets)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(verbosity.value),
        logger_factory=_Stderr,
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, handlers=[_FromLibraries()], force=True)
    logging.captureWarnings(True)
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)  # below it they name URLs


class LogListener:
    """Tells the log how a run goes on: `run_began`, `number_settled`, `progress`, `waiting`, `run_stopping`.

    `progress` comes with the first number that is settled after each half minute, and by itself where none is: a run
    that waits says so, and what for.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = self._done = 0
        self._told_at = 0.0
        self._began = Began(0)
        self._alarm: asyncio.TimerHandle | None = None

    def __call__(self, event: Event) -> None:
        if isinstance(event, Began):
            self._numbers, self._done, self._told_at = event.numbers, 0, self._clock.monotonic()
            self._began = event
            log.info("run_began", numbers=event.numbers)
            self._watch()
        elif isinstance(event, Done):
            self._settled(event)
        elif isinstance(event, Paused):
            log.info("waiting", seconds=math.ceil(event.seconds), why=event.why)
        elif isinstance(event, Stopping):
            log.info("run_stopping", detail=event.detail)

    def _settled(self, event: Done) -> None:
        settled = event.settled
        self._done += 1
        log.info(
            "number_settled",
            number_id=settled.number_id,
            phone_number=settled.phone_number,
            outcome=settled.outcome,
            evidence=settled.evidence,
            reason=settled.reason,
        )
        self.progress()

    def progress(self) -> None:
        """Say how far it is, unless that was said within the last half minute; comes by itself while a run goes on."""
        now = self._clock.monotonic()
        if now - self._told_at < PROGRESS_EVERY:
            return
        self._told_at = now
        began, more = self._began, {}
        if began.pacer is not None:
            more["pace"] = began.pacer.state().words()
        if began.state is not None and (waits_for := began.state().waits_for()) != "":
            more["waiting_for"] = waits_for
        log.info("progress", done=self._done, left=self._numbers - self._done, **more)

    def _watch(self) -> None:
        """Wake up for the next line, as long as the run's event loop lives."""
        if self._alarm is not None:
            self._alarm.cancel()
        left = PROGRESS_EVERY - (self._clock.monotonic() - self._told_at)
        self._alarm = asyncio.get_running_loop().call_later(max(left, 1.0), self._on_alarm)

    def _on_alarm(self) -> None:
        self.progress()
        self._watch()


class _Stderr:
    """Where lines go: whatever stderr is at the moment, since a progress bar may stand in for it."""

    def __init__(self, *_: object) -> None:
        pass

    def write(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    debug = info = warning = error = critical = write


class _Masked:
    """Makes the line, and replaces secrets in it where nothing can hide one any more."""

    def __init__(self, line_of: Callable[[Fields], str], masker: Masker) -> None:
        self._line_of = line_of
        self._masker = masker

    def __call__(self, _: object, __: str, event: Fields) -> str:
        return self._masker.masked(self._line_of(event))


class _FromLibraries(logging.Handler):
    """Brings what libraries say through the standard library into the same lines, without their tracebacks.

    Only what they say in the main thread: in the others notifications are sent, and it could name a secret address.
    """

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread != threading.main_thread().ident:
            return
        say = log.error if record.levelno >= logging.ERROR else log.warning
        say("library", logger=record.name, message=record.getMessage())


def _without_tracebacks(_: object, __: str, event: Fields) -> Fields:
    """A traceback may show what a line of code holds: none is written."""
    for name in ("exc_info", "stack_info", "exception"):
        event.pop(name, None)
    return event


def _as_json(event: Fields) -> str:
    ordered = {name: event[name] for name in _FIRST if name in event}
    return json.dumps({**ordered, **event}, default=_plain, separators=(",", ":"))


def _for_people(event: Fields) -> str:
    """`19:03:05 warning stopping: signal SIGTERM`"""
    rest = {name: value for name, value in event.items() if name not in _FIRST}
    facts = ", ".join(f"{name.replace('_', ' ')} {harmless(str(value))}" for name, value in rest.items())
    words = harmless(str(event["event"])).replace("_", " ")
    return f"{event['time'][11:19]} {event['level']} {words}{': ' if facts != '' else ''}{facts}"


def _plain(value: object) -> str:
    """What JSON has no form for: a path or a word as text, anything else by its kind alone."""
    return str(value) if isinstance(value, Path | Enum) else f"<{type(value).__name__}>"
