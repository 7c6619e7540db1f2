"""Tasks in, settled numbers out: n workers, one place where results arrive. The only concurrency of the product."""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Set

from decom.dialnexa.account import Account, Sight
from decom.dialnexa.pacing.pacer import Pacer
from decom.dialnexa.service import Service
from decom.errors import KeyRefused, NotDurable
from decom.ledger.records import Settled
from decom.releasing.decide import ReadListing, SendLater
from decom.releasing.events import Began, Done, Listener, WorkState, tell
from decom.releasing.one_number import Task, Tools, listed, work_on
from decom.releasing.stopping import StopSignal
from decom.releasing.whole_listing import look_through
from decom.vocabulary import Stopped

OTHERS_FIRST = 4
"""Numbers that are begun before one that was answered 429 is sent again: what becomes of them tells a lock of that one
number from the rate, and however many are locked, the others go on."""

BEGUN_IN_VAIN = 12
"""Answers of 429 in a row after which no further number is begun: it is the rate, and no other would fare better."""


async def release_all(
    tasks: Iterable[Task], service: Service, tools: Tools, concurrency: int, listener: Listener
) -> None:
    """Work on every task, `concurrency` at a time at most, until each is settled and on record.

    When the run is stopped, numbers that were not begun get no record at all: the run's end says why. Raises
    NotDurable where an outcome could not be recorded; its intent is, so that `resume` asks about it.
    """
    bench = _Bench(deque(tasks), tools, listener)
    tell(listener, Began(len(bench.waiting), service.pacer, lambda: bench.state(service.pacer)))
    approved = frozenset(task.number_id for task in bench.waiting)
    workers = min(concurrency, max(1, len(bench.waiting)))
    # Not a TaskGroup: it would cancel the DELETEs in flight when one worker meets a bug.
    ends = await asyncio.gather(*(_worker(bench, service, approved) for _ in range(workers)), return_exceptions=True)
    for end in ends:
        if isinstance(end, BaseException):
            raise end
    if bench.trouble is not None:
        raise bench.trouble


class _Bench:
    """The work at hand: tasks not begun, tasks that wait for a later look, and tasks that wait for a listing."""

    def __init__(self, waiting: deque[Task], tools: Tools, listener: Listener) -> None:
        self.waiting = waiting
        self.later: list[Task] = []
        self.behind: list[Task] = []
        """Tasks that were answered 429: they are sent again when others have had their turn."""
        self.ahead = 0
        """How many others had theirs since the last of these."""
        self.unlisted: list[Task] = []
        self.busy = 0
        """Workers that have a task in hand, which may come to wait, too."""
        self.tools = tools
        self.listener = listener
        self.trouble: NotDurable | None = None

    async def next(self) -> Task | None:
        """The next task to go on with, waiting for it if need be; None when there is none for this worker."""
        while True:
            now = self.tools.clock.monotonic()
            due = next((task for task in self.later if task.not_before <= now or self.tools.stop.hurried), None)
            if due is not None:
                self.later.remove(due)
                return due
            task = self._behind_no_more(now)
            if task is not None:
                self.behind.remove(task)
                self.ahead, task.others_left = 0, len(self.waiting) > 0
                return task
            if len(self.waiting) > 0 and not (self._in_vain and len(self.behind) > 0):
                self.ahead += 1
                task = self.waiting.popleft()
                # After a stop nothing is begun; what was begun by an earlier part is still brought to an end.
                if not self.tools.stop.asked or task.begun:
                    return task
                continue
            if len(self.later) + len(self.behind) == 0:
                return None
            soonest = min(task.not_before for task in (*self.later, *self.behind))
            await self.tools.stop.rest(soonest - now, self.tools.clock)

    @property
    def _in_vain(self) -> bool:
        """Whether it is no use to begin a number now; after a stop none is begun anyway."""
        return self.tools.watch.throttled_in_a_row >= BEGUN_IN_VAIN and not self.tools.stop.asked

    def _behind_no_more(self, now: float) -> Task | None:
        """The first of those that others go before, once they did; after a stop there is nobody to wait for."""
        had_their_turn = self.ahead >= OTHERS_FIRST or len(self.waiting) == 0 or self._in_vain
        stopped = self.tools.stop.asked
        return next((task for task in self.behind if stopped or (had_their_turn and task.not_before <= now)), None)

    def to_be_listed(self) -> list[Task]:
        """All tasks that wait for a listing, once nobody can add to them: so one listing serves them all."""
        if self.busy > 0 or len(self.later) + len(self.behind) > 0:
            return []
        tasks, self.unlisted = self.unlisted, []
        return tasks

    def state(self, pacer: Pacer) -> WorkState:
        """How the work stands now."""
        later = (*self.later, *self.behind)
        soonest = min((task.not_before for task in later), default=0.0)
        return WorkState(
            pacer.state(),
            self.tools.watch.retries,
            self.tools.watch.is_probing,
            len(later),
            max(0.0, soonest - self.tools.clock.monotonic()),
        )

    def put_back(self, task: Task) -> None:
        self.later.append(task)

    def arrived(self, settled: Settled) -> None:
        tell(self.listener, Done(settled))


async def _worker(bench: _Bench, service: Service, approved: Set[str]) -> None:
    try:
        async with service.releasing(approved) as account:
            while True:
                while (task := await bench.next()) is not None:
                    await _go_on(bench, task, account)
                if len(tasks := bench.to_be_listed()) == 0:
                    return
                await _list(bench, tasks, account)
    except BaseException as error:
        bench.tools.stop.ask(Stopped.BUG, f"{type(error).__name__}: {error}")
        raise


async def _go_on(bench: _Bench, task: Task, account: Account) -> None:
    bench.busy += 1
    try:
        result = await work_on(task, account, bench.tools)
    except NotDurable as trouble:
        _not_durable(bench, trouble)
        return
    finally:
        bench.busy -= 1
    if isinstance(result, Settled):
        bench.arrived(result)
    elif isinstance(result, ReadListing):
        bench.unlisted.append(task)
    elif isinstance(result, SendLater):
        bench.behind.append(task)
    else:
        bench.put_back(task)


async def _list(bench: _Bench, tasks: list[Task], account: Account) -> None:
    """One listing of the account for all these tasks; with what it shows of each, or without it, each goes on."""
    bench.busy += 1
    try:
        sights = await _sights(bench.tools.stop, tasks, account)
        for task in tasks:
            settled = None if sights is None else await listed(task, sights[task.number_id], bench.tools)
            if settled is not None:
                bench.arrived(settled)
            else:
                task.not_before = 0.0
                bench.put_back(task)
    except NotDurable as trouble:
        _not_durable(bench, trouble)
    finally:
        bench.busy -= 1


async def _sights(stop: StopSignal, tasks: list[Task], account: Account) -> Mapping[str, Sight] | None:
    """What a listing shows of each; None where the run must end soon: it may be a thousand pages."""
    try:
        return await stop.unless_asked(look_through(account, [task.number_id for task in tasks]), lambda: stop.hurried)
    except KeyRefused as refused:
        stop.ask(Stopped.KEY, refused.what)
        return None


def _not_durable(bench: _Bench, trouble: NotDurable) -> None:
    bench.trouble = bench.trouble or trouble
    bench.tools.stop.ask(trouble.why, trouble.what)
