"""The life of one number: intend, DELETE, look, until the rule settles it. In: an account and a task. Out: `Settled`.

Here things are done; what to do next is decided in `decide.py`. Intent is on the disk before the first byte leaves,
and an outcome is on the disk before anybody counts it.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import structlog

from decom.clock import Clock, iso
from decom.dialnexa.account import Account, Looked, Sight
from decom.dialnexa.models import Number
from decom.dialnexa.replies import Answered, Proof, Reply, Unanswered, message, proof
from decom.errors import KeyRefused, NotDurable
from decom.ledger.records import Attempt, Intent, Look, Settled
from decom.ledger.writer import Writer
from decom.planning.plan import Conflict
from decom.releasing.decide import (
    LookLater,
    LookNow,
    May,
    ReadListing,
    Send,
    SendLater,
    Settle,
    in_doubt,
    is_retry,
    newly_conflicted,
    next_step,
    reassigned,
)
from decom.releasing.stopping import CircuitBreaker, StopSignal
from decom.vocabulary import Stopped

log = structlog.get_logger()

_NOT_FOUND = frozenset({Proof.GONE, Proof.VAGUE})


@dataclass(slots=True)
class Task:
    """One number in work; belongs to one worker at a time."""

    number_id: str
    """The ID that the account returned when the plan was made."""
    phone_number: str | None
    """As planned: an ID that has come to mean another number is not released."""
    events: list[Attempt | Look] = field(default_factory=list)
    """What this run did about it and what still matters of that, earlier parts included."""
    attempts: int = 0
    """DELETEs on record for it in this run, earlier parts included."""
    begun: bool = False
    """True where an earlier part has something on record about it: then this part says what became of it, too."""
    held: tuple[Conflict, ...] = ()
    """Conflicts found since the plan; with any, no DELETE is sent, though it may have to be looked for."""
    last_sent: float | None = None
    """When its last DELETE ended, on the monotonic clock; None before the first."""
    others_left: bool = False
    """Where it was answered 429: whether numbers are left that will tell if it was for the rate, or for this one."""
    not_before: float = 0.0
    """When it may be looked at again, on the monotonic clock."""


async def _at_once() -> None:
    """Nothing has to be found out."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What all workers share."""

    ledger: Writer
    stop: StopSignal
    watch: CircuitBreaker
    clock: Clock
    settle: float
    """Seconds after the last DELETE before a second look may call a number still present."""
    objection: Callable[[Task], Settle | None] = lambda _: None
    """What speaks against sending a number *now*: the outcome that it gets instead of a DELETE; None: nothing does.

    Asked before each DELETE, and once more when its turn has come, right before its intent is written. A number that
    is in doubt is looked for first: it may be gone already. What came to hold a number belongs into `Task.held`,
    which objects by itself.
    """

    ready: Callable[[], Awaitable[None]] = _at_once
    """Returns when a DELETE may take its turn: what speaks against one may have to be found out first."""
    may_leave: Callable[[Task], bool] = lambda _: True
    """Whether a DELETE may leave now that its turn has come; False where it must go through `ready` again.

    Asked last, right before an intent is written.
    """


class _HeldBack(Exception):
    """A DELETE must not leave, though its turn has come."""


async def work_on(task: Task, account: Account, tools: Tools) -> Settled | SendLater | LookLater | ReadListing:
    """Go on with a number until it is settled, or has to wait for others, a later look or a listing. Raises NotDurable.

    A number that must wait is handed back, so that its worker can do others meanwhile; what a listing showed of it
    is told to `listed`.
    """

    async def once() -> Settled | SendLater | LookLater | ReadListing | None:
        step = next_step(task.events, _may(task, account, tools))
        if isinstance(step, Settle):
            return await _settle(task, step, tools)
        if isinstance(step, ReadListing):
            return step
        if isinstance(step, SendLater | LookLater):
            task.not_before = (task.last_sent or 0.0) + step.quiet
            if tools.clock.monotonic() < task.not_before:
                return step
        if isinstance(step, Send | SendLater):
            if is_retry(_attempts(task)):
                tools.watch.retrying()
            return await _send(task, account, tools)
        # Once waited for, so much time has passed: sums of floats must not say a hair less, and ask for ever.
        return await _look(task, account, tools, 0.0 if isinstance(step, LookNow) else step.quiet)

    result = await account.retry_policy.call_with_retries(
        once,
        again=lambda found: found is None,
        at_once=lambda _: not _needs_pause(task),
        pause=lambda seconds: tools.stop.pause(seconds, tools.clock),
    )
    assert result is not None
    return result


def _may(task: Task, account: Account, tools: Tools) -> May:
    stop = tools.stop
    return May(
        send=not stop.asked,
        retry=tools.watch.may_retry(),
        wait=not stop.hurried,
        settle=tools.settle,
        why=stop.why if stop.why is not None else Stopped.OUTAGE,
        locked=account.is_given_up(task.number_id),
        look_tells=not task.others_left and account.a_look_tells(task.number_id),
        objection=_objection(task, tools),
    )


def _objection(task: Task, tools: Tools) -> Settle | None:
    return newly_conflicted(task.held) if len(task.held) > 0 else tools.objection(task)


def _needs_pause(task: Task) -> bool:
    """Only between two DELETEs of the same number: a look is paced by the account itself."""
    last = task.events[-1] if len(task.events) > 0 else None
    return isinstance(last, Attempt) and last.proof in (Proof.NOT_SENT, Proof.IN_DOUBT)


def as_settled(task: Task, step: Settle) -> Settled:
    """The record of a task's outcome."""
    conflicts = tuple((each.source, each.id, each.name, each.status) for each in task.held)
    return Settled(task.number_id, task.phone_number, step.outcome, step.evidence, step.reason, conflicts)


async def _settle(task: Task, step: Settle, tools: Tools) -> Settled:
    settled = as_settled(task, step)
    await tools.ledger.append(settled)
    return settled


async def _send(task: Task, account: Account, tools: Tools) -> Settled | None:
    """One DELETE: its intent, its reply, and its record in one commit with the outcome, where that is known by now.

    Nothing at all where the run stops, or something comes to speak against it, before the intent. Where a stop comes
    while the intent is being written, it is on record that nothing was sent.
    """
    attempt = task.attempts + 1
    intended_at: str | None = None

    async def intend() -> None:
        nonlocal intended_at
        if tools.stop.asked or _objection(task, tools) is not None or not tools.may_leave(task):
            raise _HeldBack
        intended_at = iso(tools.clock.now())
        await tools.ledger.append(Intent(task.number_id, attempt))
        if tools.stop.asked:
            raise _HeldBack
        tools.watch.sending()

    await tools.watch.ready()
    await tools.ready()
    if tools.stop.asked:
        return None
    try:
        reply = await tools.stop.unless_asked(account.release(task.number_id, intend), lambda: intended_at is None)
    except _HeldBack:
        reply = Unanswered(sent=False, why="the run stopped before it left")
    if reply is None or intended_at is None:
        return None
    found = proof(reply, task.number_id)
    task.attempts = attempt
    if found is not Proof.NOT_SENT:
        task.last_sent = tools.clock.monotonic()
    record = Attempt(task.number_id, attempt, found, _status(reply), message(reply), intended_at)
    tools.watch.saw(reply, found, surprising=_is_surprising(found, task))
    task.events.append(record)
    step = next_step(task.events, _may(task, account, tools))
    settled = as_settled(task, step) if isinstance(step, Settle) else None
    try:
        await (tools.ledger.append(record) if settled is None else tools.ledger.append(record, settled))
    except NotDurable:
        # The last place where this can still be read by someone; the intent on record makes `resume` ask.
        log.error("outcome_not_durable", number_id=task.number_id, proof=found, http_status=record.status)
        raise
    return settled


def _is_surprising(found: Proof, task: Task) -> bool:
    """Whether this 404 is the number's first, and not due to a DELETE in doubt."""
    before = _attempts(task)
    said = any(attempt.proof in _NOT_FOUND for attempt in before)
    return found in _NOT_FOUND and not said and not in_doubt(before)


def _status(reply: Reply) -> int | None:
    return reply.status if isinstance(reply, Answered) else None


def _attempts(task: Task) -> list[Attempt]:
    return [event for event in task.events if isinstance(event, Attempt)]


async def _look(task: Task, account: Account, tools: Tools, waited: float) -> Settled | None:
    """Ask for the number, and record what was found. `waited`: how long at least its last DELETE is past."""
    try:
        found = await tools.stop.unless_over(account.look(task.number_id))
        look = found or Sight(Looked.NO_ANSWER, "the run had to end before it was answered")
    except KeyRefused as refused:
        tools.stop.ask(Stopped.KEY, refused.what)
        look = Sight(Looked.NO_ANSWER, refused.what)
    return await _saw(task, look, tools, waited)


async def listed(task: Task, sight: Sight, tools: Tools) -> Settled | None:
    """Record what a fresh listing of the account showed of a number; its outcome, where it has one now.

    Raises NotDurable.
    """
    return await _saw(task, sight, tools, in_a_listing=True)


async def _saw(
    task: Task, look: Sight, tools: Tools, waited: float = 0.0, *, in_a_listing: bool = False
) -> Settled | None:
    """Record what was found; the outcome where its ID has come to mean another number."""
    present = None if look.found is Looked.NO_ANSWER else isinstance(look.found, Number)
    why = look.why
    if isinstance(look.found, Number) and look.found.phone_number is None and task.phone_number is not None:
        present, why = None, "the answer does not say its phone number"
    quiet = max(waited, 0.0 if task.last_sent is None else tools.clock.monotonic() - task.last_sent)
    record = Look(task.number_id, present, quiet, why, in_a_listing)
    task.events.append(record)
    await tools.ledger.append(record)
    if present is None or not isinstance(look.found, Number) or look.found.phone_number == task.phone_number:
        return None
    return await _settle(task, reassigned(look.found.phone_number, task.phone_number, _attempts(task)), tools)
