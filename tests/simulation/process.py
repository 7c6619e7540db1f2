"""One command of ours as a process. In: a service, settings, what strikes it. Out: how it ended.

Every arrival, carrying out, answer, commit and dated record is an event; at any of them the process may be killed,
signalled, robbed of its disk, or joined by a second one. A killed process leaves the files that were on the disk at
that instant, as a copy that no clean-up can reach.
"""

import asyncio
import random
import shutil
import signal
import sqlite3
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from decom.errors import DecomError, NotDurable
from decom.ledger.schema import FILE
from decom.settings import Settings
from decom.workflow import job
from decom.workflow.context import Context
from tests.simulation.loop import Killed, Stuck, VirtualClock, VirtualLoop
from tests.simulation.robbery import FILES, newest
from tests.simulation.scenario import BESIDE, Strike
from tests.simulation.service import VirtualService, Wire

COMMIT_AT_MOST = 0.02
"""Seconds that a commit takes at most."""

Command = Callable[[Settings, Context], Coroutine[Any, Any, Any]]


def ask_for_release(run_id: str) -> Command:
    """`decom release`."""
    return lambda settings, context: job.release(settings, context, run_id)


def ask_for_resume(run_id: str) -> Command:
    """`decom resume`."""
    return lambda settings, context: job.resume(settings, context, run_id)


def ask_for_verify(run_id: str) -> Command:
    """`decom verify`."""
    return lambda settings, context: job.verify(settings, context, run_id)


def ask_for_report(run_id: str) -> Command:
    """`decom report`."""

    async def report(settings: Settings, context: Context) -> object:
        return job.report(settings, run_id, context.clock)

    return report


def ask_for_run(settings: Settings, context: Context) -> Coroutine[Any, Any, Any]:
    """`decom run --execute`."""
    return job.run(settings, context, lambda planned: None)


@dataclass(slots=True)
class Ended:
    """How a command ended."""

    home: Path
    """Where its ledger is now."""
    at: float = 0.0
    """The monotonic clock then."""
    killed: bool = False
    exit_code: int | None = None
    """None where it was killed."""
    trouble: DecomError | None = None
    """What it raised for a person to read; None where it did not."""
    stopped_at: float | None = None
    """When a signal reached it."""
    leave: int | None = None
    """The `seq` of the first request after leave was given; None where nobody was asked."""
    second: object = None
    """What a second command, started beside it, came to: an error, or what it returned; None where there was none."""
    robbed_at: float | None = None
    """When its lock or its home was taken away; None: never."""
    crash: str | None = None
    """Where it raised what no person can act on; None: nowhere."""
    struck: str | None = None
    """What struck it."""


class Process:
    """Runs one command."""

    def __init__(
        self, service: VirtualService, settings: Settings, start: float, jumps: tuple[tuple[float, float], ...]
    ) -> None:
        """`start`: the monotonic clock when it begins."""
        self._service = service
        self._settings = settings
        self._loop = VirtualLoop(start)
        self._loop.aside = self._commit
        self._clock = VirtualClock(self._loop, jumps)
        self._clock.on_reading = self._dated
        self._chance = random.Random(f"{start} {len(service.log)}")
        self._strike: Strike | None = None
        self._events = 0
        self._disk_full = 0
        """Commits for which there is no room."""
        self._ended = Ended(settings.home)
        self._run_id: str | None = None
        self._around = Context(
            clock=self._clock,
            random=random.Random(self._chance.random()),
            make_transport=lambda: Wire(service, self._loop, self._event),
            listener=lambda event: None,
            confirm=self._confirm,
            operator="someone@somewhere",
        )

    def run(self, command: Command, strike: Strike | None = None, run_id: str | None = None) -> Ended:
        """Run it until it ends or is killed; `run_id` is the run that it works on, None: a new one."""
        self._strike, self._run_id = strike, run_id
        disk = _Disk(self._settings.home)
        self._service.look_at_disk = disk.intents
        ended = self._ended
        try:
            result = self._loop.run(command(self._settings, self._around))
            ended.exit_code = int(getattr(result, "exit_code", 0))
        except Killed:
            ended.killed = True
        except DecomError as trouble:
            ended.trouble, ended.exit_code = trouble, int(trouble.exit_code)
        except Stuck:
            raise
        except Exception as bug:  # noqa: BLE001 - whatever a person would see as a traceback is a broken promise
            where = traceback.extract_tb(bug.__traceback__)[-1]
            ended.crash, ended.exit_code = f"{bug!r} at {Path(where.filename).name}:{where.lineno}", 1
        finally:
            disk.close()
        ended.at = self._loop.time()
        return ended

    def _confirm(self, _: object) -> bool:
        self._ended.leave = len(self._service.log) + 1
        return True

    async def _commit(self, work: Callable[[], Any]) -> Any:
        """What a thread would do, with time passing."""
        await self._event("commit")
        await asyncio.sleep(self._chance.uniform(0.0, COMMIT_AT_MOST))
        if self._disk_full > 0:
            self._disk_full -= 1
            raise NotDurable("the disk is full")
        result = work()
        await self._event("committed")
        return result

    async def _event(self, name: str) -> None:
        if self._strikes(name):
            self._die()
            await self._loop.create_future()

    def _dated(self) -> None:
        if self._strikes("dated"):
            self._die()
            raise Killed

    def _strikes(self, name: str) -> bool:
        """Count an event; True where the process dies of it."""
        self._events += 1
        if self._strike is None or self._loop.dead or self._events < self._strike[0]:
            return False
        kind = self._strike[1]
        if kind in BESIDE and (name != "received" or self._ended.leave is None):
            return False
        if kind in FILES and (name not in ("commit", "received") or not self._settings.home.exists()):
            return False
        self._strike = None
        self._ended.struck = kind
        if kind == "kill":
            return True
        if kind == "disk":
            # For a moment, or for good: then not even the end can be written.
            self._disk_full = self._chance.choice((1, 2, 1_000_000))
        elif kind in BESIDE:
            self._loop.create_task(self._beside(kind))
        elif kind in FILES:
            self._ended.robbed_at = FILES[kind](self._settings, self._loop.time())
        else:
            self._ended.stopped_at = self._loop.time()
            # Without a handler the signal does what it does to every process.
            return not self._loop.deliver(signal.Signals[kind])
        return False

    async def _beside(self, kind: str) -> None:
        """A second command on the same home, as an impatient person or an overlapping cron starts it."""
        wire = lambda: Wire(self._service, self._loop, self._event, beside=True)  # noqa: E731 - as in __init__
        context = replace(self._around, confirm=lambda _: True, make_transport=wire)
        commands = {
            "second": lambda: ask_for_run(self._settings, context),
            "second plan": lambda: job.plan(self._settings, context),
            "second verify": lambda: job.verify(self._settings, context, self._run_id or newest(self._settings)),
        }
        try:
            self._ended.second = await commands[kind]()
        except DecomError as told:
            self._ended.second = told

    def _die(self) -> None:
        home = self._ended.home
        self._ended.home = home.with_name(home.name + "+")
        if home.exists():
            shutil.copytree(home, self._ended.home)
        self._loop.kill()


class _Disk:
    """A look at the ledger's file from outside."""

    def __init__(self, home: Path) -> None:
        self._file = home / FILE
        self._connection: sqlite3.Connection | None = None

    def intents(self, number_id: str) -> int | None:
        """How many intents for a number are committed, in the ledger that the command opened; None: it is gone."""
        if self._connection is None and not self._file.exists():
            return None
        if self._connection is None:
            self._connection = sqlite3.connect(self._file, isolation_level=None)
        query = "SELECT count(*) FROM entries WHERE number_id = ? AND kind = 'intent'"
        (found,) = self._connection.execute(query, (number_id,)).fetchone()
        return int(found)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
