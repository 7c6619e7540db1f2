"""Commands inside the test's own process: real settings, a real server, and a person and a clock handed in."""

import asyncio
import os
import random
import signal
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from decom.clock import SystemClock
from decom.dialnexa.connection import network_transport_maker
from decom.errors import DecomError
from decom.planning.plan import ToConfirm
from decom.settings.load import Settings, load
from decom.workflow import job
from decom.workflow.context import Context
from decom.workflow.plan import PlanResult
from decom.workflow.reports import RunResult
from tests.laws import two_laws
from tests.service.hooks import kill, when
from tests.service.server import Sandbox

T = TypeVar("T")


class LaterClock(SystemClock):
    """The machine's clock, so much later."""

    def __init__(self, later: Callable[[], timedelta]) -> None:
        self._later = later

    def now(self) -> datetime:
        return super().now() + self._later()


@dataclass
class Desk:
    """One home and one output, and whoever types there."""

    folder: Path
    later: timedelta = timedelta(0)
    """How much later it is than it really is; may change while a command works."""
    before_leave: Callable[[], None] = lambda: None
    """What happens while a person thinks about the question."""
    asked: list[ToConfirm] = field(default_factory=list)
    """What leave was asked for."""
    said: list[str] = field(default_factory=list)
    """What was said to whoever sits there."""

    def plan(self, sandbox: Sandbox, source: Path, **flags: object) -> PlanResult:
        return self._does("plan", job.plan, sandbox, input=source, **flags)

    def run(self, sandbox: Sandbox, source: Path, **flags: object) -> RunResult:
        return self._does(
            "run", lambda how, context: job.run(how, context, lambda _: None), sandbox, input=source, **flags
        )

    def release(self, sandbox: Sandbox, run_id: str, **flags: object) -> RunResult:
        return self._does("release", lambda how, context: job.release(how, context, run_id), sandbox, **flags)

    def resume(self, sandbox: Sandbox, run_id: str | None = None, **flags: object) -> RunResult:
        return self._does("resume", lambda how, context: job.resume(how, context, run_id), sandbox, **flags)

    def verify(self, sandbox: Sandbox, run_id: str, **flags: object) -> job.Seen:
        return self._does("verify", lambda how, context: job.verify(how, context, run_id), sandbox, **flags)

    def _does(
        self,
        word: str,
        command: Callable[[Settings, Context], Coroutine[Any, Any, T]],
        sandbox: Sandbox,
        **flags: object,
    ) -> T:
        """Do it, and hold the server's memory against its exit code."""
        since, code = len(sandbox.log), 0
        try:
            done = asyncio.run(command(self.settings(sandbox, **flags), self.context()))
            code = int(getattr(done, "exit_code", 0))
            return done
        except DecomError as error:
            code = int(error.exit_code)
            raise
        finally:
            two_laws(word, code, sandbox, since, self.folder / "runs")

    def settings(self, sandbox: Sandbox, **flags: object) -> Settings:
        """As the command line makes them; `flags` whose names are variables (`DECOM_…`) are the environment's."""
        variables = {name: str(value) for name, value in flags.items() if name.isupper()}
        environment = {
            "DIALNEXA_BASE_URL": sandbox.base_url,
            "DIALNEXA_API_KEY": sandbox.api_key,
            "DECOM_HOME": str(self.home),
            "DECOM_OUTPUT": str(self.folder / "runs"),
            "DECOM_RATE": "none",
            "DECOM_SETTLE": "0.2",
            **variables,
        }
        return load(
            {name: value for name, value in flags.items() if not name.isupper()}, None, environment, self.folder
        )

    def context(self) -> Context:
        return Context(
            clock=LaterClock(lambda: self.later),
            random=random.Random(),
            make_transport=network_transport_maker(),
            listener=lambda _: None,
            confirm=self._confirm,
            operator="someone@somewhere",
            say=self.said.append,
        )

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def _confirm(self, wanted: ToConfirm) -> bool:
        self.before_leave()
        self.asked.append(wanted)
        return True


def trouble_of(command: Callable[[], object]) -> DecomError:
    """What a command says that it could not do."""
    try:
        command()
    except DecomError as error:
        return error
    raise AssertionError("it was done")


def interrupted(desk: Desk, sandbox: Sandbox, source: Path, after: int, **flags: object) -> str:
    """A run that SIGTERM stopped once so many numbers were released, one at a time. Its ID."""
    sandbox.on_phase = when("applied", after, kill(os.getpid(), signal.SIGTERM))
    ended = desk.run(sandbox, source, concurrency=1, **flags)
    sandbox.on_phase = None
    assert ended.exit_code == 143 and len(sandbox.removed) == after
    return ended.audit.run_id
