"""A command's work in, its answer out: printed, with its errors in words, and with an exit code.

The one place where `--json` is written, so that stdout holds one object and nothing else, whatever happens.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from decom.errors import DecomError, Interrupted
from decom.flags import Given
from decom.output.screen import Screen, Showing
from decom.vocabulary import SIGNALS, ExitCode


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command has to say at its end, when people have already been shown it."""

    code: ExitCode
    facts: Mapping[str, Any] = field(default_factory=dict)
    """For `--json`; JSON's own types only."""
    error: DecomError | None = None
    """What stopped it after it had found something; its exit code is the answer's."""
    json_is_written: bool = False
    """Whether `--json` has had its object already, as where the command went on after it."""


def answered(given: Given, work: Callable[[Screen], Answer]) -> int:
    """Do the work, say what is to be said, and return the exit code."""
    screen = Screen(showing_of(given))
    try:
        answer = work(screen)
    except DecomError as error:
        answer = Answer(error.exit_code, {}, error)
    except KeyboardInterrupt:
        answer = _interrupted(ExitCode.SIGINT)
    except SystemExit as leaving:
        if not isinstance(leaving.code, int) or leaving.code not in SIGNALS.values():
            raise
        answer = _interrupted(ExitCode(leaving.code))
    if answer.error is not None:
        screen.say_error(answer.error)
    if screen.showing.json and not answer.json_is_written:
        write_json(answer)
    return int(answer.code)


def _interrupted(code: ExitCode) -> Answer:
    """A signal came outside a release, which has its own way to end: nothing was in flight that changes anything."""
    error = Interrupted(f"stopped by {code.name}", remedy="`decom runs` says how each run stands.")
    return Answer(code, {}, error)


def write_json(answer: Answer) -> None:
    """One object, in ASCII: no text in it can take over a terminal."""
    facts = {**answer.facts}
    if answer.error is not None:
        error = answer.error
        kind = type(error).__name__
        facts["error"] = {"kind": kind, "what": error.what, "where": error.where, "remedy": error.remedy}
    sys.stdout.write(f"{json.dumps({**facts, 'exit_code': int(answer.code)})}\n")
    sys.stdout.flush()


def showing_of(given: Given) -> Showing:
    """How much is to be seen."""
    return Showing(
        json="json" in given.switches,
        quiet="quiet" in given.switches,
        verbose="verbose" in given.switches,
        colour="no_color" not in given.switches,
    )
