"""One part of a run, from the look just before sending to its end. In: an approved plan and its past. Out: the ledger.

A run has one part, and one more for each `resume`. Whatever ends a part, its numbers' outcomes are in the ledger.
"""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from decom.dialnexa.service import Service
from decom.errors import KeyRefused, NotDurable, Refused, Unreachable
from decom.ledger.reader import NumberRecord
from decom.ledger.records import Ended, NotChecked, Settled
from decom.ledger.writer import Writer
from decom.planning.guards import Extent, Limits, SourcesNotChecked, check_age, check_extent
from decom.planning.holds.interface import Hold
from decom.planning.plan import PlanHead, PlannedRow, Source
from decom.releasing.decide import released_by
from decom.releasing.events import Asking, Done, Listener, tell
from decom.releasing.freshness import Freshness, ReleaseConditions
from decom.releasing.one_number import Task, Tools, as_settled
from decom.releasing.refresh import Fresh, compare, pending_tasks, refresh_account
from decom.releasing.stopping import CircuitBreaker, StopSignal
from decom.releasing.workers import release_all
from decom.vocabulary import Evidence, Outcome, Stopped


@dataclass(frozen=True, slots=True)
class Session:
    """What is to be done."""

    head: PlanHead
    releases: Sequence[PlannedRow]
    """Every row that the plan releases."""
    planned: Extent
    """What the whole plan came to when it was made."""
    stories: Mapping[str, NumberRecord]
    """What earlier parts did, by number ID; empty for the first part."""
    others: Mapping[str, str]
    """What other runs released after this one was planned: the run by number ID."""
    holds: Sequence[Hold]
    concurrency: int
    """Requests in flight at most."""
    timeout: float
    """Seconds until a request without an answer is given up."""
    settle: float
    """Seconds after a number's last DELETE before a second look may call it still present."""
    limits: Limits
    """Those in force: of the plan's and of those set now the stricter ones."""
    plan_ttl: timedelta
    """How long after it was made the plan may be carried out."""
    protected: frozenset[str]
    """IDs and E.164 numbers that the protect file in force now names."""


async def carry_out(part: Session, service: Service, ledger: Writer, stop: StopSignal, tell_to: Listener) -> None:
    """Release what is left of the plan, and record how the part ended. Raises NotDurable, after the end.

    Nothing else is raised for what the service, the network or the disk does: it becomes the reason of the stop.
    """
    clock = service.retry_policy.clock
    tools = Tools(ledger, stop, CircuitBreaker(stop, clock, lambda: _is_there(service, stop)), clock, part.settle)
    last_looks = asyncio.create_task(stop.end_looks_after(part.timeout, clock))
    try:
        tasks = pending_tasks(part.releases, part.stories, clock.monotonic())
        ours = await _without_others(part, tasks, tools, tell_to)
        ready, fresh = await _refreshed(part, ours, service, tools, tell_to)
        if fresh is not None:
            tools = _kept_fresh(part, ready, fresh, service, tools)
        await release_all(ready, service, tools, part.concurrency, tell_to)
    except NotDurable as trouble:
        stop.ask(trouble.why, trouble.what)
        with suppress(NotDurable):
            await ledger.append(Ended(stop.why, stop.detail))
        raise
    finally:
        last_looks.cancel()
    await ledger.append(Ended(stop.why, stop.detail))


async def _without_others(part: Session, tasks: Sequence[Task], tools: Tools, tell_to: Listener) -> Sequence[Task]:
    """The tasks that no other run has released; the others are settled as theirs."""
    theirs = [
        as_settled(task, released_by(part.others[task.number_id])) for task in tasks if task.number_id in part.others
    ]
    await _record(theirs, tools, tell_to)
    return [task for task in tasks if task.number_id not in part.others]


async def _record(settled: Sequence[Settled], tools: Tools, tell_to: Listener) -> None:
    if len(settled) > 0:
        await tools.ledger.append(*settled)
    for each in settled:
        tell(tell_to, Done(each))


async def _refreshed(
    part: Session, tasks: Sequence[Task], service: Service, tools: Tools, tell_to: Listener
) -> tuple[Sequence[Task], Fresh | None]:
    """The tasks that may go on, and the account as it is now, which has settled the others. May ask for a stop.

    None where the account was not looked at: then nothing is sent.
    """
    stop = tools.stop
    if len(tasks) == 0:
        return tasks, None
    try:
        check_age(part.head, tools.clock.now(), part.plan_ttl)
    except Refused as refused:
        stop.ask(Stopped.STALE_PLAN, refused.what)
        return tasks, None
    tell(tell_to, Asking("checking the numbers again", service.pacer))
    try:
        fresh = await stop.unless_asked(_looked_again(part, tasks, service), lambda: True)
    except Refused as refused:
        if isinstance(refused, SourcesNotChecked):
            await _keep_not_checked(refused.sources, tools)
        stop.ask(Stopped.GUARD, refused.what)
    except Unreachable as unreachable:
        stop.ask(Stopped.OUTAGE, unreachable.what)
    except KeyRefused as refused:
        stop.ask(Stopped.KEY, refused.what)
    else:
        if fresh is not None:
            await _keep_not_checked(fresh.unchecked, tools)
            return await _compared(part, tasks, fresh, tools, tell_to), fresh
    return tasks, None


async def _looked_again(part: Session, tasks: Sequence[Task], service: Service) -> Fresh:
    clock = service.retry_policy.clock
    # A wait while it is read is a pause like any other: what was read before it is old.
    began = clock.monotonic(), clock.now()
    async with service.reading() as account:
        return replace(await refresh_account(account, tasks, part.head, part.holds), began=began)


async def _compared(
    part: Session, tasks: Sequence[Task], fresh: Fresh, tools: Tools, tell_to: Listener
) -> Sequence[Task]:
    """The tasks that may go on; the others are settled. Asks for a stop where all together are beyond a limit."""
    ready, settled = compare(tasks, fresh, part.protected)
    await _record(settled, tools, tell_to)
    try:
        check_extent(_extent(part, ready, settled, fresh), part.limits)
    except Refused as refused:
        tools.stop.ask(Stopped.GUARD, refused.what)
    return ready


async def _keep_not_checked(sources: Sequence[Source], tools: Tools) -> None:
    """The report must not call a source checked that could not be read just before the releases."""
    if len(sources) > 0:
        await tools.ledger.append(NotChecked(tuple((source.name, source.why) for source in sources)))


def _extent(part: Session, ready: Sequence[Task], settled: Sequence[Settled], fresh: Fresh) -> Extent:
    """What the run comes to in all: what earlier parts did, and what is about to be done."""
    before = [story.settled for story in part.stories.values() if story.settled is not None]
    done = {each.number_id for each in before if each.outcome is Outcome.RELEASED}
    numbers = done | {task.number_id for task in ready}
    # A number in doubt that is gone already was on the account when the share of it was approved, like those done.
    gone = sum(1 for task in ready if task.number_id not in fresh.numbers)
    vanished = sum(1 for each in (*before, *settled) if each.evidence == Evidence.ANSWERED_404_AFTER_SEEN)
    now = replace(
        part.planned,
        account_size=fresh.account_size + len(done) + gone,
        missing=part.planned.missing + vanished,
    )
    return now.releasing([row for row in part.releases if row.number_id in numbers])


def _kept_fresh(part: Session, ready: Sequence[Task], fresh: Fresh, service: Service, tools: Tools) -> Tools:
    """Tools that look at the account again while the work goes on."""
    conditions = ReleaseConditions(part.head, part.holds, part.plan_ttl, part.protected)
    freshness = Freshness(conditions, service, tools.stop, ready, fresh)
    return replace(tools, objection=freshness.objection, ready=freshness.ready, may_leave=freshness.may_leave)


async def _is_there(service: Service, stop: StopSignal) -> bool:
    """Whether the service answers a question that changes nothing; False as well where the run stops meanwhile."""
    return await stop.unless_asked(_answers(service, stop), lambda: True) or False


async def _answers(service: Service, stop: StopSignal) -> bool:
    try:
        async with service.reading() as account:
            await account.first_numbers()
    except Unreachable:
        return False
    except KeyRefused as refused:
        stop.ask(Stopped.KEY, refused.what)
        return False
    return True
