"""The rule, row by row; and against a model of the service in which every DELETE in doubt did whatever it may have."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from decom.dialnexa.replies import DOUBTFUL, Proof
from decom.dialnexa.retrying import MOST_ATTEMPTS
from decom.ledger.records import Attempt, Look
from decom.planning.plan import Conflict
from decom.releasing.decide import (
    LookLater,
    LookNow,
    May,
    ReadListing,
    Send,
    SendLater,
    Settle,
    Step,
    in_doubt,
    newly_conflicted,
    next_step,
    reassigned,
)
from decom.vocabulary import Evidence, Outcome, Stopped, stopped

STATUS = {
    Proof.APPLIED: 200,
    Proof.GONE: 404,
    Proof.HELD: 409,
    Proof.REFUSED: 422,
    Proof.FORBIDDEN: 403,
    Proof.KEY: 401,
    Proof.THROTTLED: 429,
    Proof.WRONG_PLACE: 404,
    Proof.VAGUE: 404,
    Proof.ENDED: 410,
    Proof.NOT_SENT: None,
    Proof.IN_DOUBT: None,
    Proof.STRANGE: 200,
    Proof.CUT_OFF: None,
}

APPLIED, GONE, HELD, REFUSED = Proof.APPLIED, Proof.GONE, Proof.HELD, Proof.REFUSED
FORBIDDEN, KEY, THROTTLED, WRONG_PLACE = Proof.FORBIDDEN, Proof.KEY, Proof.THROTTLED, Proof.WRONG_PLACE
VAGUE, ENDED = Proof.VAGUE, Proof.ENDED
NOT_SENT, IN_DOUBT, STRANGE, CUT_OFF = Proof.NOT_SENT, Proof.IN_DOUBT, Proof.STRANGE, Proof.CUT_OFF

SETTLE = 60.0
SEND, NOW, LATER, LISTING = Send(), LookNow(), LookLater(SETTLE), ReadListing()
AGAIN, AGAIN_IN_2, AGAIN_IN_4, AGAIN_IN_60 = SendLater(1.0), SendLater(2.0), SendLater(4.0), SendLater(60.0)
THERE, STILL_THERE, GONE_NOW, SILENT = (
    Look("phn_1", True, 0.5),
    Look("phn_1", True, SETTLE),
    Look("phn_1", False, 0.5),
    Look("phn_1", None, 0.5, "no response within 30 s"),
)
LISTED, STILL_LISTED, UNLISTED, NO_LISTING = (
    Look("phn_1", True, 0.5, listed=True),
    Look("phn_1", True, SETTLE, listed=True),
    Look("phn_1", False, 0.5, listed=True),
    Look("phn_1", None, 0.5, "no response within 30 s", listed=True),
)

ON = May(settle=SETTLE)
ENDING = May(send=False, settle=SETTLE, why=Stopped.BASE_URL)
HURRIED = May(send=False, wait=False, settle=SETTLE, why=Stopped.SIGTERM)
NO_RETRIES = May(retry=False, settle=SETTLE)
OBJECTION = Settle(Outcome.NOT_ATTEMPTED, "stopped:stale_plan", "the plan became too old")
OBJECTED = May(settle=SETTLE, objection=OBJECTION)
LOOK_TELLS = May(settle=SETTLE, look_tells=True)
LOCKED = May(settle=SETTLE, locked=True)

NOT_AGAIN = "the run stopped before it could be tried again"
CUT_OFF_AND_STOPPED = "its release was interrupted and had no effect, and the run stopped before another one"
RELEASED = Settle(Outcome.RELEASED, Evidence.ANSWERED_2XX, "the service confirmed the release (200)")
ABSENT = Settle(
    Outcome.RELEASED,
    Evidence.ABSENT_AFTER_UNCONFIRMED_DELETE,
    "the response to our release was lost; the number was gone when its release was requested again",
)
ABSENT_AT_A_LOOK = Settle(
    Outcome.RELEASED,
    Evidence.ABSENT_AFTER_UNCONFIRMED_DELETE,
    "the response to our release was lost; the number was gone when looked for",
)
MISSING = Settle(
    Outcome.MISSING,
    Evidence.ANSWERED_404_AFTER_SEEN,
    "it was on the account when planned but gone when we asked to release it, and is in no listing:"
    " someone else released it, or a proxy repeated our request",
)
CONFLICTED = Settle(Outcome.CONFLICTED, Evidence.ANSWERED_409, "DialNexa refused the release (409)")
NOBODY = Settle(
    Outcome.UNKNOWN,
    Evidence.UNCONFIRMED,
    "a release was sent, and its outcome could not be checked: no response within 30 s",
)
UNCONFIRMED = Settle(
    Outcome.UNKNOWN,
    Evidence.UNCONFIRMED,
    "it was not found, and no listing of the account could be read to confirm that",
)
NO_LATER_LOOK = Settle(
    Outcome.UNKNOWN,
    Evidence.UNCONFIRMED,
    "a release was sent, the number was still there at once, and the run stopped before a later look",
)


def failed(status: int) -> Settle:
    return Settle(Outcome.FAILED, Evidence.ANSWERED_4XX, f"DialNexa refused the release ({status})")


def still_present(sent: int, last: object, warning: str = "") -> Settle:
    reason = f"{sent} releases were sent, and it was still on the account twice (the last answer: {last}){warning}"
    return Settle(Outcome.FAILED, Evidence.STILL_PRESENT, reason)


def locked(times: int) -> Settle:
    reason = (
        f"its last {times} releases each got a 429, after all the waiting that the service requested, while it"
        " let other requests through: the number itself is locked there"
    )
    return Settle(Outcome.FAILED, Evidence.ANSWERED_4XX, reason)


def left(why: Stopped, reason: str) -> Settle:
    return Settle(Outcome.NOT_ATTEMPTED, stopped(why), reason)


def attempt(proof: Proof, message: str = "", status: int | None = None) -> Attempt:
    return Attempt("phn_1", 1, proof, status or STATUS[proof], message, "2026-11-23T18:57:57.120Z")


def history(*events: Proof | Look | Attempt) -> list[Attempt | Look]:
    return [attempt(each) if isinstance(each, Proof) else each for each in events]


@pytest.mark.parametrize(
    ("events", "may", "step"),
    [
        # Nothing was sent yet.
        ([], ON, SEND),
        ([], NO_RETRIES, SEND),
        ([], ENDING, left(Stopped.BASE_URL, "the run stopped before it")),
        # Answers that end it, whatever is allowed.
        ([APPLIED], ON, RELEASED),
        ([APPLIED], HURRIED, RELEASED),
        ([IN_DOUBT, APPLIED], ON, RELEASED),
        ([IN_DOUBT, GONE], ON, ABSENT),
        ([STRANGE, THERE, GONE], ON, ABSENT),
        ([CUT_OFF, THERE, GONE], HURRIED, ABSENT),
        ([HELD], ON, CONFLICTED),
        ([REFUSED], ON, failed(422)),
        ([FORBIDDEN], ON, failed(403)),
        ([WRONG_PLACE], ENDING, failed(404)),
        ([NOT_SENT, REFUSED], ON, failed(422)),
        # Not found, though it was there just now: a look, and a listing, must say so too.
        ([GONE], ON, NOW),
        ([GONE], HURRIED, NOW),
        ([THROTTLED, NOT_SENT, GONE], ON, NOW),
        ([GONE, GONE_NOW], ON, LISTING),
        ([GONE, GONE_NOW], ENDING, LISTING),
        ([GONE, GONE_NOW], HURRIED, UNCONFIRMED),
        ([GONE, GONE_NOW, UNLISTED], ON, MISSING),
        ([GONE, GONE_NOW, UNLISTED], HURRIED, MISSING),
        ([GONE, GONE_NOW, NO_LISTING], ON, NOBODY),
        ([GONE, GONE_NOW, LISTED], ON, SEND),
        ([GONE, GONE_NOW, LISTED], ENDING, left(Stopped.BASE_URL, NOT_AGAIN)),
        ([GONE, SILENT], ON, LISTING),
        ([GONE, SILENT, UNLISTED], ON, MISSING),
        ([GONE, THERE], ON, SEND),
        ([GONE] * 4 + [GONE_NOW, LISTED], ON, LATER),
        ([GONE] * 4 + [GONE_NOW, LISTED, GONE_NOW], ON, LISTING),
        ([GONE] * 4 + [GONE_NOW, LISTED, GONE_NOW, UNLISTED], ON, MISSING),
        ([GONE] * 4 + [GONE_NOW, LISTED, GONE_NOW, STILL_LISTED], ON, still_present(4, 404)),
        # Gone for good, says a 410: that is asked for, too, and no second one is sent.
        ([ENDED], ON, NOW),
        ([ENDED, GONE_NOW], ON, LISTING),
        ([ENDED, GONE_NOW, UNLISTED], ON, MISSING),
        ([ENDED, THERE], ON, failed(410)),
        ([ENDED, THERE], HURRIED, failed(410)),
        ([IN_DOUBT, ENDED, GONE_NOW], ON, ABSENT_AT_A_LOOK),
        ([IN_DOUBT, ENDED, THERE], ON, LATER),
        ([IN_DOUBT, ENDED, THERE, STILL_THERE], ON, still_present(2, 410)),
        # Held, after a DELETE in doubt: perhaps by that very DELETE, which is still under way.
        ([IN_DOUBT, HELD], ON, NOW),
        ([IN_DOUBT, HELD, GONE_NOW], ON, ABSENT_AT_A_LOOK),
        ([IN_DOUBT, HELD, THERE], ON, LATER),
        ([IN_DOUBT, HELD, THERE], HURRIED, NO_LATER_LOOK),
        ([IN_DOUBT, HELD, THERE, STILL_THERE], ON, CONFLICTED),
        ([IN_DOUBT, HELD, THERE, STILL_THERE], HURRIED, CONFLICTED),
        # Refused after a DELETE in doubt: only a look can tell.
        ([IN_DOUBT, REFUSED], ON, NOW),
        ([IN_DOUBT, FORBIDDEN], HURRIED, NOW),
        ([IN_DOUBT, WRONG_PLACE], ON, NOW),
        ([IN_DOUBT, REFUSED, THERE], ON, LATER),
        ([IN_DOUBT, REFUSED, THERE, STILL_THERE], ON, still_present(2, 422)),
        ([IN_DOUBT, REFUSED, GONE_NOW], ON, ABSENT_AT_A_LOOK),
        # The key.
        ([KEY], ON, left(Stopped.KEY, "the service refused the key")),
        (
            [IN_DOUBT, KEY],
            ON,
            Settle(
                Outcome.UNKNOWN,
                Evidence.UNCONFIRMED,
                "a release was sent, and the key was refused before its outcome could be checked",
            ),
        ),
        # Trouble that passes: again, while that is allowed.
        ([IN_DOUBT], ON, SEND),
        ([NOT_SENT], ON, SEND),
        ([THROTTLED], ON, AGAIN),
        ([IN_DOUBT] * 3, ON, SEND),
        ([IN_DOUBT] * 4, ON, NOW),
        ([NOT_SENT] * 4, ON, left(Stopped.OUTAGE, "no release request was sent")),
        ([NOT_SENT] * 3 + [IN_DOUBT], ON, NOW),
        ([IN_DOUBT] + [NOT_SENT] * 3, ON, NOW),
        ([THROTTLED] * 30, ON, AGAIN_IN_60),
        ([THROTTLED] * 30 + [NOT_SENT] * 3, ON, SEND),
        ([NOT_SENT] * 3 + [THROTTLED] * 30, ON, AGAIN_IN_60),
        ([NOT_SENT] * 4 + [THROTTLED], ON, left(Stopped.OUTAGE, "no release request was sent")),
        ([IN_DOUBT], NO_RETRIES, NOW),
        ([NOT_SENT], NO_RETRIES, left(Stopped.OUTAGE, "no release request was sent")),
        ([THROTTLED], NO_RETRIES, AGAIN),
        # The rate, or the number itself: others tell, or a look where there are none.
        ([THROTTLED], LOOK_TELLS, AGAIN),
        ([THROTTLED] * 2, LOOK_TELLS, NOW),
        ([THROTTLED] * 2, ON, AGAIN_IN_2),
        ([THROTTLED] * 2 + [THERE], LOOK_TELLS, AGAIN_IN_2),
        ([THROTTLED] * 2 + [THERE, THROTTLED], LOOK_TELLS, NOW),
        ([THROTTLED] * 2 + [THERE, THROTTLED], ON, AGAIN_IN_4),
        ([THROTTLED] * 2 + [SILENT], LOOK_TELLS, AGAIN_IN_2),
        ([THROTTLED] * 2 + [SILENT], ENDING, left(Stopped.BASE_URL, "no release request was sent")),
        ([THROTTLED] * 2 + [GONE_NOW], LOOK_TELLS, LISTING),
        ([THROTTLED] * 6, LOCKED, locked(6)),
        ([THROTTLED] * 2 + [THERE] + [THROTTLED] * 5, LOCKED, locked(7)),
        ([THROTTLED] * 2 + [SILENT], LOCKED, locked(2)),
        ([IN_DOUBT] + [THROTTLED] * 6, LOCKED, NOW),
        ([IN_DOUBT] + [THROTTLED] * 6 + [THERE], LOCKED, LATER),
        ([IN_DOUBT] + [THROTTLED] * 6 + [THERE, STILL_THERE], LOCKED, still_present(7, 429)),
        ([IN_DOUBT] + [THROTTLED] * 6 + [GONE_NOW], LOCKED, ABSENT_AT_A_LOOK),
        ([THROTTLED, NOT_SENT], NO_RETRIES, left(Stopped.OUTAGE, "no release request was sent")),
        ([THROTTLED], ENDING, left(Stopped.BASE_URL, "no release request was sent")),
        ([IN_DOUBT, THROTTLED], ENDING, NOW),
        ([IN_DOUBT, NOT_SENT], HURRIED, NOW),
        ([IN_DOUBT], HURRIED, NOW),
        # What does not speak of the number, and a process that was killed: look first.
        ([STRANGE], ON, NOW),
        ([VAGUE], ON, NOW),
        ([CUT_OFF], ON, NOW),
        # Looks.
        ([IN_DOUBT] * 4 + [GONE_NOW], ON, ABSENT_AT_A_LOOK),
        ([CUT_OFF, GONE_NOW], HURRIED, ABSENT_AT_A_LOOK),
        ([VAGUE, GONE_NOW], ON, LISTING),
        ([VAGUE, GONE_NOW, UNLISTED], ON, MISSING),
        ([VAGUE, GONE_NOW], HURRIED, UNCONFIRMED),
        ([IN_DOUBT, VAGUE], ON, NOW),
        ([IN_DOUBT, SILENT], ON, LISTING),
        ([IN_DOUBT, SILENT], HURRIED, NOBODY),
        ([IN_DOUBT, SILENT, NO_LISTING], ON, NOBODY),
        ([IN_DOUBT, SILENT, UNLISTED], ON, ABSENT_AT_A_LOOK),
        ([IN_DOUBT, SILENT, LISTED], ON, SEND),
        ([VAGUE, SILENT], ON, LISTING),
        ([VAGUE, SILENT], HURRIED, NOBODY),
        ([VAGUE, SILENT, UNLISTED], ON, MISSING),
        ([VAGUE, SILENT, NO_LISTING], ON, NOBODY),
        ([STRANGE, THERE], ON, SEND),
        ([VAGUE, THERE], ON, SEND),
        ([CUT_OFF, THERE], ON, SEND),
        ([CUT_OFF, STILL_THERE], ON, SEND),
        ([CUT_OFF] * 3 + [THERE], ON, SEND),
        ([CUT_OFF, THERE], NO_RETRIES, SEND),
        ([CUT_OFF, THERE, IN_DOUBT, THERE], NO_RETRIES, LATER),
        ([CUT_OFF, THERE, STILL_THERE], ENDING, left(Stopped.BASE_URL, CUT_OFF_AND_STOPPED)),
        ([STRANGE, THERE, IN_DOUBT, STILL_THERE], NO_RETRIES, LATER),
        ([CUT_OFF] * 4 + [THERE], ON, LATER),
        ([STRANGE, THERE], NO_RETRIES, LATER),
        ([STRANGE, THERE], ENDING, LATER),
        ([STRANGE, STILL_THERE], ENDING, LATER),
        ([STRANGE, THERE, THERE], ENDING, LATER),
        ([STRANGE, THERE, STILL_THERE], ENDING, still_present(1, 200)),
        ([STRANGE, THERE, STILL_THERE], HURRIED, still_present(1, 200)),
        ([STRANGE, THERE], HURRIED, NO_LATER_LOOK),
        ([STRANGE, STILL_THERE], HURRIED, NO_LATER_LOOK),
        ([VAGUE, THERE], HURRIED, left(Stopped.SIGTERM, NOT_AGAIN)),
        ([VAGUE, THERE], ENDING, left(Stopped.BASE_URL, NOT_AGAIN)),
        ([VAGUE] * 4 + [THERE, STILL_THERE], ON, still_present(4, 404)),
        ([IN_DOUBT] * 4 + [THERE, GONE_NOW], ON, ABSENT_AT_A_LOOK),
        ([IN_DOUBT] * 4 + [THERE, SILENT], ON, LISTING),
        ([IN_DOUBT] * 4 + [THERE, SILENT], HURRIED, NOBODY),
        ([IN_DOUBT] * 4 + [THERE, SILENT, STILL_LISTED], ON, still_present(4, "none")),
        ([IN_DOUBT] * 4 + [THERE], ON, LATER),
        ([IN_DOUBT] * 4 + [THERE, STILL_THERE], ON, still_present(4, "none")),
        # Something speaks against a DELETE that would leave otherwise.
        ([], OBJECTED, OBJECTION),
        ([THROTTLED], OBJECTED, OBJECTION),
        ([NOT_SENT], OBJECTED, OBJECTION),
        ([VAGUE, THERE], OBJECTED, OBJECTION),
        ([REFUSED], OBJECTED, failed(422)),
        ([APPLIED], OBJECTED, RELEASED),
        ([IN_DOUBT], OBJECTED, NOW),
        ([IN_DOUBT, GONE_NOW], OBJECTED, ABSENT_AT_A_LOOK),
        ([IN_DOUBT, THERE], OBJECTED, LATER),
        ([IN_DOUBT, THERE, STILL_THERE], OBJECTED, OBJECTION),
        ([CUT_OFF, THERE, STILL_THERE], OBJECTED, OBJECTION),
        ([IN_DOUBT, REFUSED, THERE, STILL_THERE], OBJECTED, still_present(2, 422)),
        ([], replace(ENDING, objection=OBJECTION), left(Stopped.BASE_URL, "the run stopped before it")),
        ([IN_DOUBT, THERE], replace(HURRIED, objection=OBJECTION), NO_LATER_LOOK),
    ],
)
def test_the_step_after_each_history(events, may, step):
    assert next_step(history(*events), may) == step


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([attempt(HELD, "Campaign Spring calls from it")], "(409): Campaign Spring calls from it"),
        ([attempt(REFUSED, "it is being ported")], "(422): it is being ported"),
        ([attempt(NOT_SENT, "connection refused")] * 4, "no release request was sent: connection refused"),
        (
            [attempt(IN_DOUBT, "Internal server error", 500)] * 4 + [THERE, STILL_THERE],
            "(the last answer: 500, Internal server error);"
            " after a server error the carrier's side may already be released: check it",
        ),
        (
            [attempt(IN_DOUBT, status=500), *[attempt(IN_DOUBT)] * 3, THERE, STILL_THERE],
            "(the last answer: none); after a server error the carrier's side may already be released: check it",
        ),
        (
            [attempt(IN_DOUBT, status=499), *[attempt(IN_DOUBT, status=408)] * 3, THERE, STILL_THERE],
            "it was still on the account twice (the last answer: 408)",
        ),
    ],
)
def test_a_reason_ends_with_what_the_service_said(events, reason):
    step = next_step(events, ON)
    assert isinstance(step, Settle)
    assert step.reason.endswith(reason)


def test_what_is_not_said_otherwise_is_allowed_and_a_minute_must_pass():
    assert May() == May(send=True, retry=True, wait=True, settle=60.0, why=Stopped.OUTAGE, objection=None)


@pytest.mark.parametrize("proof", Proof)
def test_a_number_is_in_doubt_from_its_first_doubtful_attempt_on(proof):
    assert in_doubt([attempt(proof)]) is (proof in DOUBTFUL)
    assert in_doubt([attempt(IN_DOUBT), attempt(proof)])
    assert not in_doubt([])


def test_a_number_that_came_to_be_held_says_by_what():
    campaign = Conflict("campaigns", "cmp_1", "Spring", "active")
    batch = Conflict("batch-calls", "bat_1", "", "running")
    reason = 'not in use when planned, now in use by campaign "Spring" cmp_1 (active); batch call bat_1 (running)'
    assert newly_conflicted([campaign, batch]) == Settle(Outcome.CONFLICTED, Evidence.PLAN, reason)


@pytest.mark.parametrize(
    ("attempts", "outcome", "evidence"),
    [
        ([], Outcome.NOT_ATTEMPTED, "stopped:changed"),
        ([NOT_SENT], Outcome.NOT_ATTEMPTED, "stopped:changed"),
        ([IN_DOUBT], Outcome.UNKNOWN, "unconfirmed"),
    ],
)
def test_an_id_that_came_to_mean_another_number_is_left_alone(attempts, outcome, evidence):
    reason = "its ID now belongs to +14155550111, it was planned as +14155550100: no release is sent"
    step = reassigned("+14155550111", "+14155550100", [attempt(each) for each in attempts])
    assert step == Settle(outcome, evidence, reason)


def test_an_id_of_which_the_number_is_not_said_is_not_said_to_mean_none():
    reason = "the account no longer shows its number, it was planned as +14155550100: no release is sent"
    assert reassigned(None, "+14155550100", []).reason == reason


# --- Against the model ------------------------------------------------------------------------------------------

World = tuple[str, bool]
"""Who removed the number (`nobody`, `us`, `other`), and whether a DELETE in doubt may still be applied."""


def worlds(events: Iterable[Attempt | Look], *, others: bool) -> set[str]:
    """Who may have removed the number, in every world in which the service gave these answers.

    A DELETE in doubt is applied at once, later, or never; never any more once the number was seen after the settle
    time. With `others` someone else may remove the number at any time. Who says that a number is not found may be
    wrong, a listing of the whole account is not; after doubt, when its absence is to be expected, it is believed.
    """
    doubt = False

    def passing(world: World) -> set[World]:
        who, pending = world
        if who != "nobody":
            return {world}
        return {world} | ({("us", pending)} if pending else set()) | ({("other", pending)} if others else set())

    found: set[World] = {("nobody", False)}
    for each in events:
        found = {later for world in found for later in passing(world)}
        here = {world for world in found if world[0] == "nobody"}
        if isinstance(each, Look):
            settled = {("nobody", pending and each.quiet < SETTLE) for _, pending in here}
            absent = found - here if each.listed or doubt else found
            found = {None: found, True: settled, False: absent}[each.present]
        elif each.proof is Proof.APPLIED:
            found = {("us", pending) for _, pending in here}
        elif each.proof is Proof.GONE:
            found = found - here if doubt else found
        elif each.proof is Proof.HELD:
            found = here
        elif each.proof in DOUBTFUL:
            doubt = True
            found = {(who, True) for who, _ in found}
    return {who for world in found for who, _ in passing(world)}


def check(events: list[Attempt | Look], end: Settle) -> None:
    """The outcome is right in every world, or says that it does not know."""
    doubt = any(isinstance(each, Attempt) and each.proof in DOUBTFUL for each in events)
    alone, together = worlds(events, others=False), worlds(events, others=True)
    if end.outcome is Outcome.RELEASED:
        # After doubt someone else may have been quicker: that cannot be told apart, and is called ours.
        assert alone <= {"us"} if doubt else together == {"us"}
    elif end.outcome is Outcome.MISSING:
        assert together == {"other"}
    elif end.outcome is Outcome.UNKNOWN:
        last = events[-1]
        unproved = isinstance(last, Look) and (last.present is None or not (last.present or last.listed))
        assert unproved or doubt
    else:
        assert "us" not in together
    if end.evidence == Evidence.STILL_PRESENT:
        last = events[-1]
        assert isinstance(last, Look) and last.present and last.quiet >= SETTLE
        since = [each for each in events if isinstance(each, Look)][-4:]
        assert sum(1 for each in since if each.present) >= 2


def allowed(step: Step, events: list[Attempt | Look], may: May) -> bool:
    """Whether the rule kept to what it may do."""
    counted = [each for each in events if isinstance(each, Attempt) and each.proof is not Proof.THROTTLED]
    if isinstance(step, Send | SendLater):
        ours = [each for each in counted if each.proof is not Proof.CUT_OFF]
        begun = any(isinstance(each, Attempt) for each in events)
        free = may.send and may.objection is None and not (may.locked and begun)
        return free and len(counted) < MOST_ATTEMPTS and (may.retry or len(ours) == 0)
    return may.wait if isinstance(step, LookLater) else True


def quiet_until_now(events: list[Attempt | Look]) -> float:
    """Time does not run back: a look is at least as late as the one before it."""
    return events[-1].quiet if isinstance(events[-1], Look) else 0.0


troubles = [IN_DOUBT, IN_DOUBT, IN_DOUBT, NOT_SENT, THROTTLED, STRANGE]
replies = st.sampled_from([proof for proof in Proof if proof is not Proof.CUT_OFF] + troubles)
presences = st.sampled_from([True, True, False, None])
pasts = st.lists(st.just(Proof.CUT_OFF), max_size=5)


@settings(max_examples=1_000)
@given(data=st.data(), past=pasts)
def test_whatever_the_service_answers_the_outcome_is_right_in_every_world_and_comes_soon(data, past):
    events = history(*past)
    may = ON
    throttled = 0
    while True:
        send = may.send and data.draw(st.integers(0, 4)) > 0
        wait = may.wait and (send or data.draw(st.booleans()))
        retry = may.retry and data.draw(st.integers(0, 4)) > 0
        objection = may.objection or data.draw(st.sampled_from([None] * 8 + [OBJECTION]))
        is_throttled = isinstance(events[-1], Attempt) and events[-1].proof is THROTTLED if events else False
        locked, look_tells = is_throttled and data.draw(st.booleans()), is_throttled and data.draw(st.booleans())
        may = May(send, retry, wait, SETTLE, Stopped.SIGTERM, objection, locked, look_tells)
        step = next_step(events, may)
        assert allowed(step, events, may)
        if isinstance(step, Settle):
            break
        if isinstance(step, Send | SendLater):
            proof = data.draw(replies)
            throttled += proof is Proof.THROTTLED
            events.append(attempt(proof))
        else:
            quiet = data.draw(st.sampled_from([0.0, 59.9, SETTLE, 3_600.0]))
            least = SETTLE if isinstance(step, LookLater) else max(0.0, quiet_until_now(events))
            listed = isinstance(step, ReadListing)
            events.append(Look("phn_1", data.draw(presences), max(quiet, least), "why", listed))
        # Four attempts that count, and never more than two looks, each with a listing, after one.
        assert len(events) - len(past) - 5 * throttled <= MOST_ATTEMPTS + 4 * (MOST_ATTEMPTS + 1)
    check(events, step)
    event(f"{step.outcome}/{step.evidence}")


LOOKS = [THERE, STILL_THERE, GONE_NOW, SILENT, LISTED, STILL_LISTED, UNLISTED, NO_LISTING]


@settings(max_examples=500)
@given(events=st.lists(st.sampled_from([*Proof, *LOOKS]), min_size=1, max_size=9))
@example(events=[IN_DOUBT, HELD])
@example(events=[IN_DOUBT, THROTTLED, GONE])
def test_no_history_whatsoever_hides_a_release_of_ours(events):
    known = history(*events)
    for may in (ON, ENDING, HURRIED, NO_RETRIES, OBJECTED, LOOK_TELLS, LOCKED):
        step = next_step(known, may)
        assert allowed(step, known, may)
        if isinstance(step, Settle) and step.outcome is Outcome.MISSING:
            assert not any(isinstance(each, Attempt) and each.proof in DOUBTFUL for each in known)
            assert isinstance(known[-1], Look) and known[-1].listed and known[-1].present is False
