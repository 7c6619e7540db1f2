"""One part of a run, from the look just before sending to its end. In: an approved plan and its past. Out: the ledger.

A run has one part, and one more for each `resume`. Whatever ends a part, its numbers' outcomes are in the ledger.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from decom.dialnexa.service import Service
from decom.errors import KeyRefused, NotDurable, Refused, Unreachable
from decom.ledger.reader import NumberStory
from decom.ledger.records import Ended
from decom.ledger.writer import Writer
from decom.planning.guards import Limits, check_age, check_size
from decom.planning.holds.interface import Hold
from decom.planning.plan import PlanHead, PlannedRow
from decom.releasing.decide import released_by
from decom.releasing.events import Done, Listener, tell
from decom.releasing.one_number import Task, Tools, as_settled
from decom.releasing.refresh import compare, look_again, unfinished
from decom.releasing.stopping import Stop, Watch
from decom.releasing.workers import release_all
from decom.vocabulary import Outcome, Stopped


@dataclass(frozen=True, slots=True)
class Part:
    """What is to be done."""

    head: PlanHead
    releases: Sequence[PlannedRow]
    """Every row that the plan releases."""
    stories: Mapping[str, NumberStory]
    """What earlier parts did, by number ID; empty for the first part."""
    others: Mapping[str, str]
    """What other runs released after this one was planned: the run by number ID."""
    holds: Sequence[Hold]
    concurrency: int
    """Requests in flight at most."""
    settle: float
    """Seconds after a number's last DELETE before a second look may call it still present."""
    plan_ttl: timedelta
    """How long after it was made the plan may be carried out."""


async def carry_out(part: Part, service: Service, ledger: Writer, stop: Stop, tell_to: Listener) -> None:
    """Release what is left of the plan, and record how the part ended. Raises NotDurable, after the end.

    Nothing else is raised for what the service, the network or the disk does: it becomes the reason of the stop.
    """
    clock = service.patience.clock
    tools = Tools(ledger, stop, Watch(stop, clock, lambda: _is_there(service, stop)), clock, part.settle)
    try:
        tasks = unfinished(part.releases, part.stories, clock.monotonic())
        ours = await _without_others(part, tasks, tools, tell_to)
        ready = await _refreshed(part, ours, service, tools, tell_to)
        await release_all(ready, service, tools, part.concurrency, tell_to)
    except NotDurable as trouble:
        stop.ask(trouble.why, trouble.what)
        with suppress(NotDurable):
            await ledger.append(Ended(stop.why, stop.detail))
        raise
    await ledger.append(Ended(stop.why, stop.detail))


async def _without_others(part: Part, tasks: Sequence[Task], tools: Tools, tell_to: Listener) -> Sequence[Task]:
    """The tasks that no other run has released; the others are settled as theirs."""
    theirs = [
        as_settled(task, released_by(part.others[task.number_id])) for task in tasks if task.number_id in part.others
    ]
    if len(theirs) > 0:
        await tools.ledger.append(*theirs)
    for each in theirs:
        tell(tell_to, Done(each))
    return [task for task in tasks if task.number_id not in part.others]


async def _refreshed(
    part: Part, tasks: Sequence[Task], service: Service, tools: Tools, tell_to: Listener
) -> Sequence[Task]:
    """The tasks that may go on; what the account shows now has settled the others. May ask for a stop."""
    if len(tasks) == 0:
        return tasks
    try:
        check_age(part.head, tools.clock.now(), part.plan_ttl)
    except Refused as refused:
        tools.stop.ask(Stopped.STALE_PLAN, refused.what)
        return tasks
    try:
        async with service.reading() as account:
            fresh = await look_again(account, tasks, part.head, part.holds)
        ready, settled = compare(tasks, fresh)
        if len(settled) > 0:
            await tools.ledger.append(*settled)
        for each in settled:
            tell(tell_to, Done(each))
        done = _released(part.stories)
        # A number in doubt that is gone already was on the account when the share of it was approved, like those done.
        gone = sum(1 for task in ready if task.number_id not in fresh.numbers)
        limits = Limits(part.head.max_release, part.head.max_share)
        check_size(len(ready) + done, fresh.account_size + done + gone, limits)
    except Refused as refused:
        tools.stop.ask(Stopped.GUARD, refused.what)
    except Unreachable as unreachable:
        tools.stop.ask(Stopped.OUTAGE, unreachable.what)
    except KeyRefused as refused:
        tools.stop.ask(Stopped.KEY, refused.what)
    else:
        return ready
    return tasks


def _released(stories: Mapping[str, NumberStory]) -> int:
    settled = (story.settled for story in stories.values())
    return sum(1 for each in settled if each is not None and each.outcome is Outcome.RELEASED)


async def _is_there(service: Service, stop: Stop) -> bool:
    """Whether the service answers a question that changes nothing."""
    try:
        async with service.reading() as account:
            await account.first_numbers()
    except Unreachable:
        return False
    except KeyRefused as refused:
        stop.ask(Stopped.KEY, refused.what)
        return False
    return True
