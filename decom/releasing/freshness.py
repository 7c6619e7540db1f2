"""Is what was seen just before the first release still so, hours later? In: what the account shows. Out: objections.

The sources of conflicts and the numbers still to come are read again every few minutes, as long as that takes few of
the requests, and in any case after every long pause: then nothing leaves before it was done. It is done by whichever
worker finds it due, in place of a release, so that no more requests are under way than allowed.

A source that was read for the plan and cannot be read any more holds everything back: it is tried again for some
minutes, and then the run stops.
"""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from decom.dialnexa.account import Account
from decom.dialnexa.service import Service
from decom.errors import KeyRefused, Refused, Unreachable
from decom.planning.guards import check_age
from decom.planning.holds.interface import Hold
from decom.planning.number_status import in_other_hands
from decom.planning.plan import Conflict, PlanHead
from decom.releasing.decide import Settle, came_to_be_protected, newly_conflicted, reassigned
from decom.releasing.one_number import Task
from decom.releasing.refresh import Fresh, read_holds, read_meanings, rule_for
from decom.releasing.stopping import StopSignal
from decom.vocabulary import Outcome, Stopped, stopped

log = structlog.get_logger()

EVERY = 180.0
"""Seconds after which what was read is read again, where that takes few of the requests."""
LONG_PAUSE = 120.0
"""Seconds without a release after which everything is read again before the next one leaves."""
MOST_SHARE = 0.05
"""Of all requests, for reading again; half of it for the sources of conflicts, half for the numbers."""
PAUSES = (5.0, 15.0, 60.0, 120.0)
"""Seconds before each further try where something cannot be read."""


@dataclass(slots=True)
class View:
    """One thing that is read again and again."""

    read_at: float
    """When it was last begun to be read, on the monotonic clock."""
    cost: int
    """Requests that reading it took."""
    sent: int = 0
    """Releases that left since."""

    def due(self, now: float) -> bool:
        """Whether it is old enough, and so many releases left since that reading it again is a small share."""
        return now - self.read_at >= EVERY and self.cost <= MOST_SHARE / 2 * (self.sent + self.cost)


@dataclass(frozen=True, slots=True)
class ReleaseConditions:
    """What may come to speak against a release, and how it is found out."""

    head: PlanHead
    holds: Sequence[Hold]
    plan_ttl: timedelta
    """How long after it was made the plan may be carried out."""
    protected: frozenset[str]
    """IDs and E.164 numbers that must not be released, whatever the plan says."""


class Freshness:
    """Knows what speaks against each number, and when that was last looked at."""

    def __init__(
        self, conditions: ReleaseConditions, service: Service, stop: StopSignal, tasks: Iterable[Task], fresh: Fresh
    ) -> None:
        """`tasks` were compared with `fresh`, the account as it was a moment ago."""
        self._conditions, self._service, self._stop = conditions, service, stop
        self._clock = service.retry_policy.clock
        self._to_come = {task.number_id: task.phone_number for task in tasks}
        self._known = fresh.numbers
        self._means: dict[str, str | None] = {}
        self._in_hands = {number_id: in_other_hands(number) for number_id, number in fresh.numbers.items()}
        self._held: Mapping[str, tuple[Conflict, ...]] = fresh.held
        self._active = self._now() if fresh.began is None else fresh.began
        for_numbers, for_holds = fresh.requests
        self._holds, self._numbers = View(self._active[0], for_holds), View(self._active[0], for_numbers)
        self._blind = False
        """Whether what must be read cannot be read at the moment."""
        self._reading: asyncio.Task[None] | None = None

    def objection(self, task: Task) -> Settle | None:
        """What speaks against sending a number now; None: nothing does."""
        rule = rule_for(task, self._conditions.protected)
        if rule is not None:
            return came_to_be_protected(rule)
        if task.number_id in self._means:
            return reassigned(self._means[task.number_id], task.phone_number, ())
        task.held = (*self._held.get(task.phone_number or "", ()), *self._in_hands.get(task.number_id, ()))
        if len(task.held) > 0:
            return newly_conflicted(task.held)
        try:
            check_age(self._conditions.head, self._clock.now(), self._conditions.plan_ttl)
        except Refused as refused:
            self._stop.ask(Stopped.STALE_PLAN, refused.what)
            return Settle(Outcome.NOT_ATTEMPTED, stopped(Stopped.STALE_PLAN), refused.what)
        return None

    def may_leave(self, task: Task) -> bool:
        """Whether a number's release may leave now that its turn has come; False: things must be read again first."""
        if self._must_read():
            return False
        self._to_come.pop(task.number_id, None)
        self._active = self._now()
        self._holds.sent += 1
        self._numbers.sent += 1
        return True

    async def ready(self) -> None:
        """Return when a release may take its turn; whoever finds a reading due does it first."""
        while not self._stop.asked:
            must = self._must_read()
            if self._reading is None:
                views = [each for each in (self._holds, self._numbers) if must or each.due(self._clock.monotonic())]
                if len(views) == 0:
                    return
                self._reading = asyncio.create_task(self._read(views))
            elif not must:
                return
            # One worker's end must not end the reading that the others wait for.
            await asyncio.shield(self._reading)

    def _must_read(self) -> bool:
        """Whether nothing may leave before everything was read again: after a pause, by whichever clock it was long.

        While a machine sleeps its monotonic clock may stand still; the wall clock may jump, and then one reading too
        many is done.
        """
        (ticks, then), (ticks_now, now) = self._active, self._now()
        return self._blind or max(ticks_now - ticks, (now - then).total_seconds()) >= LONG_PAUSE

    def _now(self) -> tuple[float, datetime]:
        return self._clock.monotonic(), self._clock.now()

    async def _read(self, views: Sequence[View]) -> None:
        """Read again what is due, trying some more where it cannot be read; then the run stops."""
        try:
            for pause in (*PAUSES, None):
                trouble = await self._stop.unless_asked(self._tried(views), lambda: True)
                if self._stop.asked:
                    return
                self._blind = trouble is not None
                if trouble is None:
                    if len(views) == 2:
                        self._active = self._now()
                    return
                log.warning("not_read_again", why=trouble.what)
                if pause is None:
                    self._stop.ask(Stopped.GUARD if isinstance(trouble, Refused) else Stopped.OUTAGE, trouble.what)
                else:
                    await self._stop.pause(pause, self._clock)
        finally:
            self._reading = None

    async def _tried(self, views: Sequence[View]) -> Refused | Unreachable | None:
        """What is in the way of reading these views again; None: they were read."""
        try:
            async with self._service.reading() as account:
                for view in views:
                    began, before = self._clock.monotonic(), account.requests
                    await (self._read_holds(account) if view is self._holds else self._read_numbers(account))
                    view.read_at, view.sent, view.cost = began, 0, account.requests - before
        except (Refused, Unreachable) as trouble:
            return trouble
        except KeyRefused as refused:
            self._stop.ask(Stopped.KEY, refused.what)
        return None

    async def _read_holds(self, account: Account) -> None:
        conditions, ids = self._conditions, self._to_come.keys()
        sources, held = await read_holds(account, conditions.holds, conditions.head, self._known, ids)
        whole = {source.name for source in sources if source.checked}
        found = dict(held)
        for number, conflicts in self._held.items():
            # What a source said before it could not be read whole any more still holds.
            kept = tuple(each for each in conflicts if each.source not in whole and each not in held.get(number, ()))
            found[number] = (*held.get(number, ()), *kept)
        self._held = found

    async def _read_numbers(self, account: Account) -> None:
        async for number in read_meanings(account, self._to_come.keys()):
            planned = self._to_come.get(number.id)
            if planned is not None and number.phone_number != planned:
                self._means[number.id] = number.phone_number
            else:
                self._means.pop(number.id, None)
            self._in_hands[number.id] = in_other_hands(number)
