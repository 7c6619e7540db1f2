"""The look just before sending. In: the plan's releases, what earlier parts did, the account now. Out: tasks, outcomes.

A number is sent only if it is still the number that was planned, and still free. One that has already been sent to
and is in doubt is never judged here: it must be looked for by itself, or our own release might be called missing.
"""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count

from decom.dialnexa.account import Account, Looked
from decom.dialnexa.models import Number
from decom.dialnexa.replies import DOUBTFUL, Proof
from decom.errors import Unreachable
from decom.ledger.reader import NumberRecord
from decom.ledger.records import Attempt, Look, Settled
from decom.planning.guards import check_sources
from decom.planning.holds.interface import Hold
from decom.planning.number_status import in_other_hands
from decom.planning.plan import Conflict, PlanHead, PlannedRow, Source
from decom.planning.survey import find_holds, find_numbers
from decom.releasing.decide import Settle, came_to_be_protected, newly_conflicted, reassigned
from decom.releasing.one_number import Task, as_settled
from decom.vocabulary import Evidence, Outcome, SourceState

REOPENED = frozenset({Outcome.UNKNOWN, Outcome.NOT_ATTEMPTED})
"""The outcomes that `resume` goes on with; all others are final for their run."""

_NOT_FOUND = frozenset({Proof.GONE, Proof.VAGUE, Proof.ENDED})
"""The proofs that are no outcome yet: whether the number is gone must be asked."""
_ANSWERS = _NOT_FOUND | {Proof.APPLIED, Proof.HELD, Proof.REFUSED, Proof.FORBIDDEN, Proof.WRONG_PLACE}
"""The proofs that say for good what a DELETE did, or that it did nothing."""


@dataclass(frozen=True, slots=True)
class Fresh:
    """The account just before sending."""

    numbers: Mapping[str, Number]
    account_size: int
    held: Mapping[str, tuple[Conflict, ...]]
    requests: tuple[int, int] = (1, 1)
    """How many it took to read the numbers, and the sources of conflicts."""
    unchecked: tuple[Source, ...] = ()
    """The sources of conflicts that were not checked, which somebody accepted."""
    began: tuple[float, datetime] | None = None
    """When the account began to be read, on the monotonic clock and by the wall clock; None: it was read just now."""


def pending_tasks(releases: Iterable[PlannedRow], stories: Mapping[str, NumberRecord], now: float) -> tuple[Task, ...]:
    """What is left to do: every planned release that has no final outcome, with what still matters of its past.

    `now` is the monotonic clock. Of earlier parts DELETEs in doubt matter: they are to be looked for before anything
    is sent again; how long ago they were is not known to this clock, so the settle time begins anew. So does an
    answer that came last and has no outcome on record: without it our own release would be called someone else's; and
    one that did not find the number, since a proxy may have repeated our request.
    """
    tasks = []
    for row in releases:
        assert row.number_id is not None
        story = stories.get(row.number_id, NumberRecord())
        if story.settled is not None and story.settled.outcome not in REOPENED:
            continue
        attempts = [event for event in story.events if isinstance(event, Attempt)]
        events: list[Attempt | Look] = [
            replace(attempt, proof=Proof.CUT_OFF) for attempt in attempts if attempt.proof in DOUBTFUL
        ]
        if story.open_intent is not None:
            interrupted = "the run was interrupted while this release was in flight"
            events.append(
                Attempt(row.number_id, story.open_attempt, Proof.CUT_OFF, None, interrupted, story.open_intent)
            )
        elif len(attempts) > 0 and attempts[-1].proof in (_NOT_FOUND if story.settled is not None else _ANSWERS):
            events.append(attempts[-1])
        on_record = max([story.open_attempt, *(attempt.attempt for attempt in attempts)])
        last_sent = now if len(events) > 0 else None
        begun = row.number_id in stories
        tasks.append(Task(row.number_id, row.phone_number, events, on_record, begun=begun, last_sent=last_sent))
    return tuple(tasks)


async def refresh_account(account: Account, tasks: Sequence[Task], head: PlanHead, holds: Sequence[Hold]) -> Fresh:
    """The account as it is now, as far as the tasks need it. Raises Unreachable, KeyRefused, and SourcesNotChecked
    (`read_holds`)."""
    ids = {task.number_id for task in tasks}
    numbers, size = await find_numbers(account, ids, listing_needed=False)
    for_numbers = account.requests
    sources, held = await read_holds(account, holds, head, numbers, ids)
    unchecked = tuple(each for each in sources if each.state is SourceState.NOT_CHECKED)
    return Fresh(numbers, size, held, (for_numbers, account.requests - for_numbers), unchecked)


async def read_holds(
    account: Account, holds: Sequence[Hold], head: PlanHead, numbers: Mapping[str, Number], ids: Set[str]
) -> tuple[Sequence[Source], Mapping[str, tuple[Conflict, ...]]]:
    """The sources of conflicts now, and what holds which number. Raises KeyRefused, and SourcesNotChecked where one
    was not checked and nobody accepted that: it is no longer a reason to call anything free.

    `numbers` are the account's, as far as they are known, and `ids` those that may be released.
    """
    found, held = await find_holds(account, holds, numbers, ids)
    was_checked = {source.name for source in head.sources if source.checked}
    sources = tuple(_still_there(source) if source.name in was_checked else source for source in found)
    check_sources(sources, head.accept_unchecked, head.run_id, started=True)
    return sources, held


def _still_there(source: Source) -> Source:
    """A source that was there when the plan was made: the account has it, whatever is said now."""
    if source.state is not SourceState.NOT_APPLICABLE:
        return source
    why = f"it was read when the plan was made, and now {source.why}"
    return replace(source, state=SourceState.NOT_CHECKED, why=why)


async def read_meanings(account: Account, ids: Set[str]) -> AsyncIterator[Number]:
    """These numbers, and others, as the account shows them while numbers leave it. Raises Unreachable, KeyRefused.

    One that is gone is not among them, and one that came to lie on a page that was read already may be overlooked.
    The last page is read first, since what leaves moves the others towards the pages that are read later.
    """
    first = await account.first_numbers()
    if first.total is None:
        async for number in _page_by_page(account):
            yield number
        return
    most = -(-first.total // max(1, len(first.records)))
    if len(ids) <= most:
        for number_id in sorted(ids):
            look = await account.look(number_id)
            if look.found is Looked.NO_ANSWER:
                raise Unreachable(f"{number_id} could not be looked up on the account: {look.why}")
            if isinstance(look.found, Number):
                yield look.found
        return
    for page_number in range(most, 0, -1):
        for number in await account.numbers_on(page_number):
            yield number


async def _page_by_page(account: Account) -> AsyncIterator[Number]:
    """The numbers of an account that does not say how many there are, until a page brings nothing new."""
    seen: set[str] = set()
    for page_number in count(1):
        new = [number for number in await account.numbers_on(page_number) if number.id not in seen]
        if len(new) == 0:
            return
        for number in new:
            seen.add(number.id)
            yield number


def compare(tasks: Iterable[Task], fresh: Fresh, protected: Set[str] = frozenset()) -> tuple[list[Task], list[Settled]]:
    """The tasks that may go on, and those that are settled by what the account shows now.

    `protected` holds IDs and E.164 numbers of a protect file that came into force since the plan.
    """
    ready: list[Task] = []
    settled: list[Settled] = []
    for task in tasks:
        number = fresh.numbers.get(task.number_id)
        task.held = (*fresh.held.get(task.phone_number or "", ()), *in_other_hands(number))
        judged = _judged(task, number, protected) if len(task.events) == 0 else None
        if judged is None:
            ready.append(task)
        else:
            settled.append(as_settled(task, judged))
    return ready, settled


def _judged(task: Task, number: Number | None, protected: Set[str]) -> Settle | None:
    """The outcome of a number to which nothing was sent yet; None where it is as planned and free."""
    if number is None:
        reason = "it was on the account when planned but gone just before its release: someone else released it"
        return Settle(Outcome.MISSING, Evidence.ANSWERED_404_AFTER_SEEN, reason)
    if number.phone_number != task.phone_number:
        return reassigned(number.phone_number, task.phone_number, ())
    rule = rule_for(task, protected)
    if rule is not None:
        return came_to_be_protected(rule)
    return newly_conflicted(task.held) if len(task.held) > 0 else None


def rule_for(task: Task, protected: Set[str]) -> str | None:
    """The name under which a protect file names the number; None where it does not."""
    return next((name for name in (task.number_id, task.phone_number) if name in protected), None)
