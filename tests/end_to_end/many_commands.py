"""Runs commands of ours side by side on one home, and kills some of them. Imports everything once, and forks.

In: a JSON object on standard input. Out: a JSON line for each command that ended.
"""

import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decom import cli
from decom.commands import results
from decom.output import run_view as runs
from decom.workflow import health as doctor
from decom.workflow import history, job

assert doctor and history and job and results and runs  # loaded before the fork: no child has to do it again


@dataclass
class Child:
    """A command at work."""

    arguments: Sequence[str]
    kill_at: float | None
    """On the monotonic clock; None where it may end by itself."""
    said: tuple[Path, Path]
    """Its standard output and its standard error."""
    killed: bool = False


def begun(arguments: Sequence[str], environment: Mapping[str, str], kill_at: float | None) -> tuple[int, Child]:
    out, err = (Path(tempfile.mkstemp()[1]) for _ in range(2))
    pid = os.fork()
    if pid == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        for number, path in ((0, Path(os.devnull)), (1, out), (2, err)):
            os.dup2(os.open(path, os.O_RDWR), number)
        os.environ.update(environment)
        os._exit(_code_of(arguments))
    return pid, Child(arguments, kill_at, (out, err))


def _code_of(arguments: Sequence[str]) -> int:
    sys.argv = ["decom", *arguments]
    try:
        cli.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def ended(child: Child, status: int) -> dict[str, Any]:
    out, err = (path.read_text() for path in child.said)
    for path in child.said:
        path.unlink()
    code = os.waitstatus_to_exitcode(status)
    return {"arguments": child.arguments, "code": code, "killed": child.killed, "out": out, "err": err}


def side_by_side(commands: Sequence[Any], at_once: int, chance: random.Random) -> None:
    """Do all the commands, so many at once, in an order by chance; every fourth is killed at some instant."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
    working: dict[int, Child] = {}
    left = chance.sample(list(commands), len(commands))
    while len(left) > 0 or len(working) > 0:
        now = time.monotonic()
        while len(working) < at_once and len(left) > 0:
            kill_at = now + chance.uniform(0.0, 0.4) if chance.random() < 1 / 4 else None
            arguments, environment = left.pop()
            pid, child = begun(arguments, environment, kill_at)
            working[pid] = child
        for pid, child in working.items():
            if child.kill_at is not None and child.kill_at <= now and not child.killed:
                os.kill(pid, signal.SIGKILL)
                child.killed = True
        signal.sigtimedwait({signal.SIGCHLD}, 0.02)
        while len(working) > 0 and (found := os.waitpid(-1, os.WNOHANG))[0] != 0:
            print(json.dumps(ended(working.pop(found[0]), found[1])), flush=True)


if __name__ == "__main__":
    given = json.load(sys.stdin)
    side_by_side(given["commands"], given["at_once"], random.Random(given["seed"]))
