"""An event loop that never waits, and a clock over it. In: coroutines. Out: their results, in no real time.

Time stands still while anything can run, and jumps to the next timer when nothing can. One handle runs at a time, in
a fixed order, so that the same coroutines always do the same; and after each of them the loop may be abandoned, which
is how a process is killed here.
"""

import asyncio
import heapq
import signal
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from contextvars import Context
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, TypeVarTuple

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

MOST_STEPS = 400_000
"""Handles run in one call; more is a program that spins."""
LONGEST = 14 * 86_400.0
"""Virtual seconds of one call; more is a program that waits for ever."""


MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
"""The wall clock's time at the monotonic clock's zero."""


class Killed(BaseException):
    """The process died here: nothing of it runs any more."""


class Stuck(AssertionError):
    """The program would never have ended."""


@contextmanager
def no_longer_than(seconds: float) -> Iterator[None]:
    """Raise Stuck where the block takes so much processor time: a task that never gives way stops the whole loop.

    Only for the main thread; the real-time alarm is left to pytest's own time-out.
    """

    def overdue(*_: object) -> None:
        raise Stuck(f"it was still at work after {seconds:g} seconds of processor time")

    before = signal.signal(signal.SIGVTALRM, overdue)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)


class VirtualLoop(asyncio.BaseEventLoop):
    """The part of an event loop that programs without sockets use; it has no selector, so nothing else works."""

    def __init__(self, start: float = 0.0) -> None:
        """`start` is the monotonic clock's first value, in seconds."""
        self._running = False
        super().__init__()
        self._now = start
        self._ready: deque[asyncio.Handle] = deque()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._order = 0
        self._tasks: dict[int, asyncio.Task[Any]] = {}
        self._signals: dict[int, Callable[[], object]] = {}
        self.dead = False
        """True once the process was killed."""
        self.aside: Callable[[Callable[[], Any]], Coroutine[Any, Any, Any]] | None = None
        """How functions for a thread are run; None: at once."""
        self.complaints: list[str] = []
        """What asyncio had to say of errors that nobody saw."""

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run to the end, and nothing else after it. Raises Killed, Stuck, and whatever the coroutine raises."""
        deadline = self._now + LONGEST
        asyncio.events._set_running_loop(self)
        self._running = True
        try:
            main = self.create_task(coroutine)
            for _ in range(MOST_STEPS):
                if main.done() or self.dead:
                    break
                if self._now > deadline:
                    raise Stuck(f"it was still waiting after {LONGEST:g} seconds")
                self._step()
            else:
                raise Stuck(f"it did not end within {MOST_STEPS} steps")
            if self.dead:
                raise Killed
            return main.result()
        finally:
            self._bury()
            self._running = False
            asyncio.events._set_running_loop(None)

    def kill(self) -> None:
        """Nothing runs any more once the present handle has given way."""
        self.dead = True

    def deliver(self, number: int) -> bool:
        """A signal arrives; False where the process has no handler for it now."""
        handler = self._signals.get(number)
        if handler is not None:
            self.call_soon(handler)
        return handler is not None

    def _step(self) -> None:
        """Run one handle, after moving the clock where nothing is ready."""
        while self._timers and (self._timers[0][2].cancelled() or self._timers[0][0] <= self._now):
            self._ready.append(heapq.heappop(self._timers)[2])
        if not self._ready:
            if not self._timers:
                raise Stuck("it waits for something that nothing will bring about")
            self._now = self._timers[0][0]
            return
        handle = self._ready.popleft()
        if not handle.cancelled():
            handle._run()

    def _bury(self) -> None:
        """Forget what is left of the program, without letting any of it run on."""
        self.dead = True
        for task in list(self._tasks.values()):
            # A coroutine that waits while it cleans up says so by RuntimeError, and must be told again.
            for _ in range(5):
                try:
                    task.get_coro().close()
                    break
                except (RuntimeError, Killed):
                    continue
        self._ready.clear()
        self._timers.clear()

    # What asyncio asks of a loop

    def time(self) -> float:
        return self._now

    def is_running(self) -> bool:
        return self._running

    def is_closed(self) -> bool:
        return not self._running

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(
        self,
        coro: Generator[Any, None, T] | Coroutine[Any, Any, T],
        *,
        name: object = None,
        context: Context | None = None,
    ) -> asyncio.Task[T]:
        if self.dead:  # the last breath of a coroutine that is being buried
            coro.close()
        task: asyncio.Task[T] = asyncio.Task(coro, loop=self, name=None if name is None else str(name), context=context)
        self._tasks[id(task)] = task
        task.add_done_callback(lambda done: self._tasks.pop(id(done), None) and None)
        return task

    def call_soon(
        self, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        if not self.dead:
            self._ready.append(handle)
        return handle

    def call_later(
        self, delay: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def call_at(
        self, when: float, callback: Callable[[*Ts], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.TimerHandle:
        handle = asyncio.TimerHandle(when, callback, args, self, context)
        self._order += 1
        heapq.heappush(self._timers, (when, self._order, handle))
        return handle

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """Cancelled timers are dropped when their time comes."""

    def run_in_executor(self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts) -> asyncio.Future[T]:
        """There are no threads: the function runs now, or as `aside` wants it."""
        if self.aside is not None:
            return self.create_task(self.aside(lambda: func(*args)))
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - as an executor: the error is for whoever awaits
            done.set_exception(error)
        return done

    def add_signal_handler(self, sig: int, callback: Callable[[*Ts], object], *args: *Ts) -> None:
        self._signals[sig] = lambda: callback(*args)

    def remove_signal_handler(self, sig: int) -> bool:
        return self._signals.pop(sig, None) is not None

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        if not self.dead:
            self.complaints.append(f"{context.get('message')}: {context.get('exception')!r}")


class VirtualClock:
    """A `decom.clock.Clock` over a virtual loop; its wall clock may jump."""

    def __init__(self, loop: VirtualLoop, jumps: Sequence[tuple[float, float]] = ()) -> None:
        """`jumps`: at which monotonic second, and by how many seconds, the wall clock jumps."""
        self._loop = loop
        self._jumps = jumps
        self.on_reading: Callable[[], None] = lambda: None
        """Called whenever somebody reads the wall clock: records are dated just before they are written."""

    def now(self) -> datetime:
        self.on_reading()
        jumped = sum(by for at, by in self._jumps if at <= self._loop.time())
        return MIDNIGHT + timedelta(seconds=self._loop.time() + jumped)

    def monotonic(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
