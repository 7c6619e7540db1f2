"""Tasks in, settled numbers out: n workers, one place where results arrive. The only concurrency of the product."""

import asyncio
from collections import deque
from collections.abc import Iterable, Set

from decom.dialnexa.account import Account
from decom.dialnexa.service import Service
from decom.errors import NotDurable
from decom.ledger.records import Settled
from decom.releasing.events import Began, Done, Listener, tell
from decom.releasing.one_number import Task, Tools, work_on
from decom.vocabulary import Stopped


async def release_all(
    tasks: Iterable[Task], service: Service, tools: Tools, concurrency: int, listener: Listener
) -> None:
    """Work on every task, `concurrency` at a time at most, until each is settled and on record.

    When the run is stopped, numbers that were not begun get no record at all: the run's end says why. Raises
    NotDurable where an outcome could not be recorded; its intent is, so that `resume` asks about it.
    """
    bench = _Bench(deque(tasks), tools, listener)
    tell(listener, Began(len(bench.waiting), service.pacer))
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
    """The work at hand: tasks not begun, and tasks that wait for a later look."""

    def __init__(self, waiting: deque[Task], tools: Tools, listener: Listener) -> None:
        self.waiting = waiting
        self.later: list[Task] = []
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
            if len(self.waiting) > 0:
                task = self.waiting.popleft()
                # After a stop nothing is begun; what was begun by an earlier part is still brought to an end.
                if not self.tools.stop.asked or task.begun:
                    return task
                continue
            if len(self.later) == 0:
                return None
            soonest = min(task.not_before for task in self.later)
            await self.tools.stop.rest(soonest - now, self.tools.clock)

    def put_back(self, task: Task) -> None:
        self.later.append(task)

    def arrived(self, settled: Settled) -> None:
        tell(self.listener, Done(settled))


async def _worker(bench: _Bench, service: Service, approved: Set[str]) -> None:
    try:
        async with service.releasing(approved) as account:
            while (task := await bench.next()) is not None:
                await _go_on(bench, task, account)
    except BaseException as error:
        bench.tools.stop.ask(Stopped.BUG, f"{type(error).__name__}: {error}")
        raise


async def _go_on(bench: _Bench, task: Task, account: Account) -> None:
    try:
        result = await work_on(task, account, bench.tools)
    except NotDurable as trouble:
        bench.trouble = bench.trouble or trouble
        bench.tools.stop.ask(trouble.why, trouble.what)
        return
    if isinstance(result, Settled):
        bench.arrived(result)
    else:
        bench.put_back(task)
