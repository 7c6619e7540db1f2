"""SIGINT, SIGTERM and SIGHUP in, a polite stop out; a second one ends the process at once.

While numbers are released, the first asks the run to stop: what is in flight is finished and recorded, the reports are
written. Before and after, when nothing is in flight that changes anything, it ends the work. The second leaves
everything as it is: the ledger is whole at any instant, and `resume` goes on from there.
"""

import asyncio
import os
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any, TypeVar

import structlog

from decom.releasing.stopping import StopSignal
from decom.vocabulary import SIGNALS, Stopped

log = structlog.get_logger()

T = TypeVar("T")

_WORDS = {signal.SIGINT: Stopped.SIGINT, signal.SIGTERM: Stopped.SIGTERM, signal.SIGHUP: Stopped.SIGHUP}


def run_interruptibly(work: Coroutine[Any, Any, T]) -> T:
    """Run `work` on a loop of its own. Raises SystemExit with the signal's exit code where one of the three ends it."""
    interruption = _Interruption()
    before = {number: signal.signal(number, interruption.heard) for number in _heeded()}
    try:
        result = asyncio.run(interruption.over(work))
    except asyncio.CancelledError:
        if interruption.code is None:
            raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if interruption.code is not None:
        raise SystemExit(interruption.code)
    return result


@dataclass(slots=True)
class _Interruption:
    """Ends work by a signal, at whatever instant that comes.

    An exception out of a signal handler may fall between the loop's taking up a callback and its running it. The
    callback is lost then, and the task that waits for it can be neither woken nor cancelled: the process would stay for
    ever. So it is raised only out of a task's own code, which may go on for long without the loop: it reads a file, or
    waits for what a person types. Anywhere else the loop is asked to cancel the work.
    """

    code: int | None = None
    """The exit code of the signal that came; None: none has."""
    task: asyncio.Task[Any] | None = None
    """The work while it is under way; None before and after, when a signal is only noted."""

    def heard(self, number: int, _: FrameType | None) -> None:
        code = int(SIGNALS[_WORDS[signal.Signals(number)]])
        if self.code is not None:
            os._exit(code)  # as in `stopping_on_signals`
        self.code = code
        if self.task is None:
            return
        loop = self.task.get_loop()
        if asyncio.current_task(loop) is not None:
            raise SystemExit(code)
        loop.call_soon_threadsafe(self.task.cancel)

    async def over(self, work: Coroutine[Any, Any, T]) -> T:
        self.task = asyncio.current_task()
        try:
            if self.code is not None:
                work.close()
                raise asyncio.CancelledError
            return await work
        finally:
            self.task = None


def _heeded() -> list[signal.Signals]:
    """The signals that mean a stop: what nohup told the process to ignore stays ignored."""
    return [number for number in _WORDS if signal.getsignal(number) is not signal.SIG_IGN]


@contextmanager
def stopping_on_signals(stop: StopSignal) -> Iterator[None]:
    """While the block runs, the three signals ask `stop`; must be entered inside a running event loop."""
    loop = asyncio.get_running_loop()

    def heard(number: signal.Signals) -> None:
        why = _WORDS[number]
        if stop.why in SIGNALS:
            os._exit(SIGNALS[why])  # no clean-up on purpose: it could hang, and nothing depends on it
        log.warning("stopping", signal=number.name)
        stop.ask(why, "Ctrl-C" if why is Stopped.SIGINT else number.name)

    before = {number: signal.getsignal(number) for number in _heeded()}
    for number in before:
        loop.add_signal_handler(number, heard, number)
    try:
        yield
    finally:
        for number, handler in before.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)
