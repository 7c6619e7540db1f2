"""What every command shares: its work in, its result out, with its errors in words and an exit code.

The one place where `--json` is written, so that stdout holds one object and nothing else, whatever happens.
"""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from decom.commands.flags import Flags
from decom.errors import DecomError, Interrupted
from decom.output.screen import Screen, Showing
from decom.vocabulary import SIGNALS, ExitCode


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended, when people have already been shown it."""

    code: ExitCode
    facts: Mapping[str, Any] = field(default_factory=dict)
    """For `--json`; JSON's own types only."""
    error: DecomError | None = None
    """What stopped it after it had found something; its exit code is the result's."""
    json_is_written: bool = False
    """Whether `--json` has had its object already, as where the command went on after it."""


def run_command(flags: Flags, work: Callable[[Screen], CommandResult]) -> int:
    """Do the work, print what is to be printed, and return the exit code."""
    screen = Screen(
        Showing(
            json="json" in flags.switches,
            quiet="quiet" in flags.switches,
            verbose="verbose" in flags.switches,
            colour="no_color" not in flags.switches,
        )
    )
    try:
        result = work(screen)
    except DecomError as error:
        result = CommandResult(error.exit_code, {}, error)
    except KeyboardInterrupt:
        result = _interrupted(ExitCode.SIGINT)
    except SystemExit as leaving:
        if not isinstance(leaving.code, int) or leaving.code not in SIGNALS.values():
            raise
        result = _interrupted(ExitCode(leaving.code))
    if result.error is not None:
        screen.say_error(result.error)
    if screen.showing.json and not result.json_is_written:
        _write_json(result)
    return int(result.code)


def _interrupted(code: ExitCode) -> CommandResult:
    """A signal came outside a release, which has its own way to end: nothing was in flight that changes anything."""
    error = Interrupted(
        f"interrupted ({'Ctrl-C' if code is ExitCode.SIGINT else code.name})",
        remedy="`decom runs` shows the status of each run.",
    )
    return CommandResult(code, {}, error)


def _write_json(result: CommandResult) -> None:
    """One object, in ASCII: no text in it can take over a terminal."""
    facts = {**result.facts}
    if result.error is not None:
        error = result.error
        kind = type(error).__name__
        facts["error"] = {"kind": kind, "what": error.what, "where": error.where, "remedy": error.remedy}
    sys.stdout.write(f"{json.dumps({**facts, 'exit_code': int(result.code)})}\n")
    sys.stdout.flush()
