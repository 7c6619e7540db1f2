"""The rule that decides what became of a number. In: what was sent and seen so far. Out: the next step, or the outcome.

Pure. Everything rests on one word: a number is *in doubt* once any DELETE of ours for it ended without an answer that
says what it did. From then on its absence may be our doing, and is called so; before, it never is.

| the last thing known | no DELETE in doubt | a DELETE in doubt |
| --- | --- | --- |
| DELETE: 2xx | released | released |
| DELETE: 404 that names the number | look | released: absent after our DELETE |
| DELETE: 409 | conflicted | look: its words may be "already in progress" |
| DELETE: refused for good | failed | look |
| DELETE: 410, or a 404 that does not speak of the number | look | look |
| DELETE: 429 | send it again later; failed, where it alone is refused again and again | the same, then look |
| DELETE: 401 | not attempted | unknown: nobody can be asked |
| DELETE: no answer, 5xx, 408, a 2xx that says it failed | – | try again while allowed, then look |
| DELETE: an answer that is not the API's | – | look |
| DELETE: our process was killed meanwhile | – | look |
| look: absent | read the listing: two witnesses at least | released: absent after our DELETE |
| look: no answer that speaks of the number | read the listing | read the listing |
| listing: absent | missing | released: absent after our DELETE |
| look or listing: present | try again while allowed; after a 410 failed | the same, but not after a refusal |
| … and no DELETE may be sent | not attempted | look again after the settle time, then failed, or as refused |
| … and all that was cut off is in doubt, and no DELETE may be sent | – | the same looks, then not attempted |
| … and something speaks against another DELETE | what speaks against it | the same looks, then that |
| listing: no answer, or no time to read it | unknown | unknown |

Someone else's release of a number that was just seen is so rare that a 404 alone is not believed: gateways answer 404,
too. Absence from a whole listing is proof whatever a 404's words were.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from decom.dialnexa.replies import DOUBTFUL, Proof
from decom.dialnexa.retrying import MOST_ATTEMPTS
from decom.ledger.records import Attempt, Look
from decom.planning.plan import Conflict, why_conflicted
from decom.vocabulary import Evidence, Outcome, Stopped, earlier_run, stopped

LONGEST_LATER = 60.0
"""Seconds; the longest that one number waits for itself after a 429. What the service asks for, everyone waits for."""


@dataclass(frozen=True, slots=True)
class May:
    """What is still allowed, for this number at this moment."""

    send: bool = True
    """False once the run stops: no DELETE any more."""
    retry: bool = True
    """False once the run's retries are used up: no second DELETE for any number."""
    wait: bool = True
    """False once the run must end soon: no look that has to be waited for."""
    settle: float = 60.0
    """Seconds after the last DELETE before a second look may call a number still present."""
    why: Stopped = Stopped.OUTAGE
    """The word for a number that is left undone."""
    objection: "Settle | None" = None
    """What speaks against sending it: the outcome that it gets instead of a DELETE. None: nothing does."""
    locked: bool = False
    """True where the service answers 429 to this number again and again, and lets others through meanwhile."""
    look_tells: bool = False
    """True where no other number is left to tell whether 429 is for the rate or for this one, and a look can."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send a DELETE."""


@dataclass(frozen=True, slots=True)
class SendLater:
    """Send a DELETE once others have had their turn, `quiet` seconds after the last one at the earliest."""

    quiet: float


@dataclass(frozen=True, slots=True)
class LookNow:
    """Ask whether the number is there."""


@dataclass(frozen=True, slots=True)
class LookLater:
    """Ask again once `quiet` seconds have passed since the last DELETE."""

    quiet: float


@dataclass(frozen=True, slots=True)
class ReadListing:
    """Look for it in a fresh listing of the whole account; one listing serves all numbers that wait for one."""


@dataclass(frozen=True, slots=True)
class Settle:
    """The outcome is known."""

    outcome: Outcome
    evidence: str
    reason: str


Step = Send | SendLater | LookNow | LookLater | ReadListing | Settle

_REFUSED = frozenset({Proof.REFUSED, Proof.FORBIDDEN, Proof.WRONG_PLACE})
_FINAL = _REFUSED | {Proof.HELD, Proof.ENDED}
"""The proofs after which another DELETE is no use, whatever a look finds."""
_UNUSED = frozenset({Proof.THROTTLED})
"""The proofs of attempts that do not count: the service asked to come back later."""


def next_step(events: Sequence[Attempt | Look], may: May) -> Step:
    """What to do next for one number. `events` holds everything this run did about it, oldest first."""
    attempts = [event for event in events if isinstance(event, Attempt)]
    if len(attempts) == 0:
        return _objected(may) or (Send() if may.send else _left(may.why, "the run stopped before it"))
    last = events[-1]
    if isinstance(last, Attempt):
        return _after_attempt(attempts, may)
    return _after_look(attempts, _since_the_last_attempt(events), may)


def in_doubt(attempts: Sequence[Attempt]) -> bool:
    """Whether the number may be gone because of one of these."""
    return any(attempt.proof in DOUBTFUL for attempt in attempts)


def is_retry(attempts: Sequence[Attempt]) -> bool:
    """Whether one more DELETE is a retry, which the run's budget must have room for.

    It is none where the service asked to come back later, nor where our process was killed: a resumed run has as
    many numbers to send again as were in flight, and nothing says that the service is sick.
    """
    return any(attempt.proof not in _UNUSED and attempt.proof is not Proof.CUT_OFF for attempt in attempts)


def newly_conflicted(conflicts: Sequence[Conflict]) -> Settle:
    """The outcome of a number that was free when planned and is not any more."""
    return Settle(Outcome.CONFLICTED, Evidence.PLAN, f"not in use when planned, now {why_conflicted(conflicts)}")


def came_to_be_protected(rule: str) -> Settle:
    """The outcome of a number that a protect file names which was not in force when it was planned."""
    return Settle(Outcome.PROTECTED, Evidence.PLAN, f"now on the protect list: {rule}")


def reassigned(phone_number: str | None, planned: str | None, attempts: Sequence[Attempt]) -> Settle:
    """The outcome of a number whose ID has come to mean another E.164 number: nothing more is sent to it."""
    now = (
        f"its ID now belongs to {phone_number}"
        if phone_number is not None
        else "the account no longer shows its number"
    )
    reason = f"{now}, it was planned as {planned}: no release is sent"
    return _unknown(reason) if in_doubt(attempts) else _left(Stopped.CHANGED, reason)


def released_by(run_id: str) -> Settle:
    """The outcome of a number that another run has on record as released: one release is claimed once."""
    reason = f"run {run_id} released it after this run was planned"
    return Settle(Outcome.MISSING, earlier_run(run_id), reason)


def _after_attempt(attempts: Sequence[Attempt], may: May) -> Step:
    last = attempts[-1]
    doubt = in_doubt(attempts)
    if last.proof is Proof.APPLIED:
        return Settle(Outcome.RELEASED, Evidence.ANSWERED_2XX, f"the service confirmed the release ({last.status})")
    if last.proof is Proof.GONE and doubt:
        return _released("when its release was requested again")
    if last.proof in (_REFUSED | {Proof.HELD}) and not doubt:
        return _refused(last)
    if last.proof is Proof.KEY:
        if doubt:
            return _unknown("a release was sent, and the key was refused before its outcome could be checked")
        return _left(Stopped.KEY, "the service refused the key")
    if last.proof is Proof.THROTTLED and (not doubt or _may_send_again(attempts, may)):
        looking = may.look_tells and _in_a_row(attempts, Proof.THROTTLED) > 1 and _may_send_again(attempts, may)
        return LookNow() if looking else _throttled(attempts, may)
    if _may_send_again(attempts, may) and last.proof in (Proof.NOT_SENT, Proof.IN_DOUBT):
        return Send()
    if last.proof is Proof.NOT_SENT and not doubt:
        return _never_left(last, may)
    return LookNow()


def _throttled(attempts: Sequence[Attempt], may: May) -> Step:
    """What follows a 429 where nothing has to be looked for."""
    if may.locked and not in_doubt(attempts):
        return _locked(attempts)
    return _send_later(attempts) if _may_send_again(attempts, may) else _never_left(attempts[-1], may)


def _send_later(attempts: Sequence[Attempt]) -> SendLater:
    """After 1, 2, 4 … seconds: where the service does not say for how long, a minute has passed after a few times."""
    refused = _in_a_row(attempts, Proof.THROTTLED)
    return SendLater(min(2.0 ** (min(refused, 10) - 1), LONGEST_LATER))


def _never_left(last: Attempt, may: May) -> Settle:
    return _objected(may) or _left(may.why, f"no release request was sent{_said(last)}")


def _in_a_row(attempts: Sequence[Attempt], proof: Proof) -> int:
    """How many of the last attempts had this proof."""
    return next((n for n, attempt in enumerate(reversed(attempts)) if attempt.proof is not proof), len(attempts))


def _since_the_last_attempt(events: Sequence[Attempt | Look]) -> list[Look]:
    """The looks that can have seen what the last DELETE did."""
    looks: list[Look] = []
    for event in events:
        looks = [*looks, event] if isinstance(event, Look) else []
    return looks


def _after_look(attempts: Sequence[Attempt], looks: Sequence[Look], may: May) -> Step:
    last = looks[-1]
    if last.present is None and attempts[-1].proof is Proof.THROTTLED and not in_doubt(attempts):
        # Nothing is under way, and nothing depends on this look.
        return _throttled(attempts, may)
    if last.present:
        return _after_seeing(attempts, looks, may)
    if last.present is False and in_doubt(attempts):
        return _released("when looked for")
    if last.present is False and last.listed:
        return _missing()
    if not last.listed and may.wait:
        return ReadListing()
    if last.present is False:
        return _unknown("it was not found, and no listing of the account could be read to confirm that")
    return _unknown(f"a release was sent, and its outcome could not be checked: {last.why}")


def _after_seeing(attempts: Sequence[Attempt], looks: Sequence[Look], may: May) -> Step:
    """What follows where it is still there."""
    last = attempts[-1]
    doubt = in_doubt(attempts)
    if last.proof not in _FINAL:
        if _may_send_again(attempts, may):
            return _send_later(attempts) if last.proof is Proof.THROTTLED else Send()
        instead = _locked(attempts) if may.locked and not doubt else _objected(may)
    else:
        instead = _refused(last) if last.proof is Proof.HELD or not doubt else None
    if not doubt and (instead is not None or not may.send):
        # Nothing of ours can be under way any more, so that one look is enough.
        return instead or _left(may.why, "the run stopped before it could be tried again")
    if looks[-1].quiet >= may.settle and sum(1 for look in looks if look.present) > 1:
        if instead is None and last.proof is Proof.CUT_OFF and not may.send:
            return _left(
                may.why, "its release was interrupted and had no effect, and the run stopped before another one"
            )
        return instead or Settle(Outcome.FAILED, Evidence.STILL_PRESENT, _still_present(attempts))
    if may.wait:
        return LookLater(may.settle)
    return _unknown("a release was sent, the number was still there at once, and the run stopped before a later look")


def _may_send_again(attempts: Sequence[Attempt], may: May) -> bool:
    """Whether another DELETE is allowed: four that count, and after the first only within the run's budget."""
    counted = sum(1 for attempt in attempts if attempt.proof not in _UNUSED)
    allowed = may.send and may.objection is None and not may.locked
    return allowed and counted < MOST_ATTEMPTS and (may.retry or not is_retry(attempts))


def _objected(may: May) -> Settle | None:
    """What speaks against a DELETE that might leave otherwise."""
    return may.objection if may.send else None


def _refused(attempt: Attempt) -> Settle:
    if attempt.proof is Proof.HELD:
        reason = f"DialNexa refused the release (409){_said(attempt)}"
        return Settle(Outcome.CONFLICTED, Evidence.ANSWERED_409, reason)
    return Settle(
        Outcome.FAILED, Evidence.ANSWERED_4XX, f"DialNexa refused the release ({attempt.status}){_said(attempt)}"
    )


def _locked(attempts: Sequence[Attempt]) -> Settle:
    refused = _in_a_row(attempts, Proof.THROTTLED)
    reason = (
        f"its last {refused} releases each got a 429, after all the waiting that the service requested, while it"
        f" let other requests through: the number itself is locked there{_said(attempts[-1])}"
    )
    return Settle(Outcome.FAILED, Evidence.ANSWERED_4XX, reason)


def _said(attempt: Attempt) -> str:
    return f": {attempt.message}" if attempt.message != "" else ""


def _released(when: str) -> Settle:
    reason = f"the response to our release was lost; the number was gone {when}"
    return Settle(Outcome.RELEASED, Evidence.ABSENT_AFTER_UNCONFIRMED_DELETE, reason)


def _missing() -> Settle:
    reason = (
        "it was on the account when planned but gone when we asked to release it, and is in no listing:"
        " someone else released it, or a proxy repeated our request"
    )
    return Settle(Outcome.MISSING, Evidence.ANSWERED_404_AFTER_SEEN, reason)


def _still_present(attempts: Sequence[Attempt]) -> str:
    last = attempts[-1]
    said = f" (the last answer: {last.status or 'none'}{', ' + last.message if last.message != '' else ''})"
    carrier = any(attempt.status is not None and attempt.status >= 500 for attempt in attempts)
    warning = "; after a server error the carrier's side may already be released: check it" if carrier else ""
    return f"{len(attempts)} releases were sent, and it was still on the account twice{said}{warning}"


def _unknown(reason: str) -> Settle:
    return Settle(Outcome.UNKNOWN, Evidence.UNCONFIRMED, reason)


def _left(why: Stopped, reason: str) -> Settle:
    return Settle(Outcome.NOT_ATTEMPTED, stopped(why), reason)
