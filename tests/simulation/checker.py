"""Judges a run from outside: the server's log, the removals, the ledger and the audit in, broken promises out.

It shares no rule with the product. Each function below is one promise and yields a sentence for each time it was
broken; `judge` asks them all. Where nobody could know better, the function's docstring says what is let pass.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from tests.simulation.faults import UNTRUE_SUCCESSES
from tests.simulation.promises_of_ends import ENDS, robbed_stops, untouched_means_it
from tests.simulation.promises_of_holding import HOLDING
from tests.simulation.promises_of_sending import MOST_ATTEMPTS, REFUSALS, SENDING, doubtful
from tests.simulation.seen import Case, Line, Request

Promise = Callable[[Case], Iterator[str]]

EVIDENCE = {
    "released": ("answered_2xx", "absent_after_unconfirmed_delete"),
    "missing": ("plan", "earlier_run:", "answered_404_after_seen"),
    "conflicted": ("plan", "answered_409"),
    "failed": ("answered_4xx", "still_present"),
    "unknown": ("unconfirmed",),
    "not_attempted": ("stopped:",),
    "protected": ("plan",),
    "invalid": ("plan",),
    "duplicate": ("plan",),
    "not_selected": ("plan",),
}
"""The evidence that each outcome may have, as it is documented."""


def judge(case: Case, *, without_ledger: bool = False) -> list[str]:
    """Every broken promise, as `I4: …`; where the ledger is gone, of those that need none."""
    promises = LEDGERLESS if without_ledger else PROMISES
    return [f"{name}: {words}" for name, promise in promises for words in promise(case)]


def removed_by_us(case: Case) -> dict[str, Request]:
    """The numbers that a request of this run removed, with that request."""
    asked = {request.seq: request for request in case.sent()}
    return {each.number_id: asked[each.by] for each in case.removals if each.by in asked}


def released_is_true(case: Case) -> Iterator[str]:
    """What is called released was removed by us, and what we removed is called so, or in doubt.

    Let pass: a DELETE of ours was in doubt, and then somebody else removed the number. And the opposite: a gateway
    that sent our request twice and showed us the second answer, which must be worded as what it may be. And where
    nobody has looked back yet: a number of which the service itself said that it released it, or will.
    """
    removed, rows = removed_by_us(case), outcomes(case)
    for number_id, row in rows.items():
        if row.outcome == "released" and number_id not in removed and not _lost_to_somebody(case, number_id):
            if number_id in case.truth.pending or (_was_lied_to(case, number_id) and not _has_looked_back(case)):
                continue
            yield f"{number_id} is called released ({row.evidence}), and no request of ours removed it"
    for number_id, request in removed.items():
        row = rows.get(number_id)
        if row is None:
            yield f"{number_id} was removed, and is in no row"
        elif row.outcome not in ("released", "unknown") and not _was_repeated(request, row):
            yield f"{number_id} was removed by request {request.seq} ({request.fault}), and is called {row.outcome}"


def missing_is_not_ours(case: Case) -> Iterator[str]:
    """`missing` is never said of a number that a DELETE of this run may have removed, bar the worded gateway."""
    removed = removed_by_us(case)
    for number_id, row in outcomes(case).items():
        if row.outcome == "missing" and number_id in removed and not _was_repeated(removed[number_id], row):
            yield f"{number_id} is called missing, and request {removed[number_id].seq} removed it"


def all_is_known_in_the_end(case: Case) -> Iterator[str]:
    """After a resume with a service that answers: nothing unknown, nothing open, nothing left.

    Let pass: a number whose ID came to mean another one, what a guard or the plan's age held back, and what had used
    up its attempts before the service was well again.
    """
    if not case.final:
        return
    reassigned = {change.number_id for change in case.changes if change.kind == "reassigned"}
    for number_id, row in outcomes(case).items():
        if row.outcome == "unknown" and number_id not in reassigned:
            yield f"{number_id} is still unknown: {row.reason}"
        held_back = ["stopped:guard"] if _too_many(case) or _unreadable(case) else []
        let_pass = ["stopped:stale_plan", "stopped:changed", *held_back]
        if row.outcome == "not_attempted" and row.evidence not in let_pass:
            yield f"{number_id} was not attempted: {row.evidence}, {row.reason}"
    for line in _last_part(case):
        if line.kind == "settled" and line.body["evidence"] == "still_present" and not _given_up(case, line.number_id):
            yield f"{line.number_id} was given up as still present, and nothing was wrong with the service"
    opened: dict[str, bool] = {}
    for line in case.lines:
        if line.run_id == case.run_id and line.number_id is not None and line.kind in ("intent", "attempt", "settled"):
            opened[line.number_id] = line.kind == "intent"
    yield from (f"{number_id} has an open intent" for number_id, still in opened.items() if still)


def still_present_was_seen_twice(case: Case) -> Iterator[str]:
    """`still_present` needs two looks after the last DELETE, the second one past the settle time."""
    for number_id, row in outcomes(case).items():
        if row.evidence != "still_present":
            continue
        about = [request for request in case.requests if request.number_id == number_id]
        deletes = [request for request in about if request.method == "DELETE"]
        if len(deletes) == 0:  # an intent, and killed before it left: nothing to count the settle time from
            continue
        last = deletes[-1]
        looks = [each for each in case.requests[last.seq :] if number_id in each.ids]
        # The clock runs from the reply; a killed process never had one, and its heir waits from its own start.
        quiet = (last.arrived if last.ended is None else last.ended) + case.settle
        if len(looks) < 2 or looks[-1].arrived < quiet - 1e-6:
            yield f"{number_id} is called still present after {len(looks)} looks, without the settle time"


def every_row_once(case: Case) -> Iterator[str]:
    """Each row of the input is in the audit once, in order, with its raw cell; evidence and outcome fit."""
    found = [row.input_value for row in case.rows]
    if found != [*case.cells]:
        yield f"the audit's rows are {found}, the input's {case.cells}"
    for row in case.rows:
        if not row.evidence.startswith(EVIDENCE[row.outcome]):
            yield f"row {row.row} is {row.outcome} with the evidence {row.evidence}"


def exit_code_fits(case: Case) -> Iterator[str]:
    """The exit code says no better than the rows do."""
    counts = Counter(str(row.outcome) for row in case.rows)
    left = counts["failed"] + counts["unknown"] + counts["not_attempted"]
    held = counts["conflicted"] + counts["invalid"]
    if (case.exit_code == 0 and left + held > 0) or (case.exit_code == 3 and (left > 0 or held == 0)):
        yield f"the exit code is {case.exit_code} with {dict(counts)}"


def one_row_releases(case: Case) -> Iterator[str]:
    """However many rows name a number, one of them carries its release."""
    releases = Counter(row.get("number_id") for row in case.plan() if row.get("decision") == "release")
    yield from (f"{number_id} is released by {count} rows" for number_id, count in releases.items() if count > 1)
    names = Counter(row.number_id for row in case.rows if row.outcome == "released")
    yield from (f"{number_id} is called released in {count} rows" for number_id, count in names.items() if count > 1)


def outcomes(case: Case) -> dict[str, Any]:
    """The rows that carry a number's outcome, by its ID; duplicates and unusable rows left out."""
    rows = (row for row in case.rows if row.outcome not in ("duplicate", "invalid") and row.number_id is not None)
    return {row.number_id or "": row for row in rows}


def _given_up(case: Case, number_id: str | None) -> bool:
    """Whether a number had used up its attempts, or was refused for good (a 404 among it), whenever that was."""
    of_run = [line for line in case.lines if line.run_id == case.run_id and line.number_id == number_id]
    attempts = [line.body for line in of_run if line.kind == "attempt"]
    intents = sum(1 for line in of_run if line.kind == "intent")
    counted = intents - sum(1 for each in attempts if each["status"] == 429)
    refused = any(each["status"] in {404, *REFUSALS} for each in attempts)
    return counted >= MOST_ATTEMPTS or refused or _was_lied_to(case, number_id or "")


def _too_many(case: Case) -> bool:
    """Whether a guard may have refused to go on: somebody else made the account too small for the plan.

    What this run removed itself was on the account when the share was approved, and does not make it smaller.
    """
    ours = {request.seq for request in case.sent()}
    theirs = sum(1 for each in case.removals if each.by not in ours)
    releases = sum(1 for row in case.plan() if row.get("decision") == "release")
    head = case.head()
    return bool(releases > head["max_release"] or releases > head["max_share"] * (len(case.known) - theirs) + 1e-9)


def _unreadable(case: Case) -> bool:
    """Whether something is open that cannot be read, so that its source cannot be checked, ever."""
    open_ones = [hold for hold in case.truth.holds if hold.open and hold.until is None]
    unread = [hold for hold in open_ones if len(hold.calls) == 0 or not all(call.readable for call in hold.calls)]
    return any(hold.source not in case.truth.accepted for hold in unread)


def _last_part(case: Case) -> list[Line]:
    """What the ledger has of the run since its last beginning."""
    lines: list[Line] = []
    for line in case.lines:
        if line.run_id == case.run_id:
            lines = [] if line.kind == "started" else [*lines, line]
    return lines


def _was_lied_to(case: Case, number_id: str) -> bool:
    """Whether the service told a success of a DELETE that it never carried out."""
    deletes = [each for each in case.sent() if each.method == "DELETE" and each.number_id == number_id]
    return any(each.fault in UNTRUE_SUCCESSES and each.told for each in deletes)


def _has_looked_back(case: Case) -> bool:
    """Whether the run says that all is well, or has come to its end with a service that answers."""
    return case.exit_code in (0, 3) or case.final


def _was_repeated(request: Request, row: Any) -> bool:
    return (
        request.fault == "gateway_retry"
        and row.evidence == "answered_404_after_seen"
        and "a proxy repeated our request" in row.reason
    )


def _lost_to_somebody(case: Case, number_id: str) -> bool:
    """Whether a DELETE of ours was in doubt, and somebody else removed the number after we had looked for it.

    An intent without an attempt is in doubt, too: who was killed cannot know what it had sent. And what we looked at
    may have been a copy of the account, a little behind.
    """
    leaves = [part.leave for part in case.ours() if part.leave is not None and part.leave <= len(case.requests)]
    begun = [case.requests[leave - 1].arrived for leave in leaves]
    theirs = [each.at for each in case.removals if each.number_id == number_id and each.by is None]
    of_run = [line for line in case.lines if line.run_id == case.run_id and line.number_id == number_id]
    counts = Counter(line.kind for line in of_run)
    sent = [each for each in case.sent() if each.method == "DELETE" and each.number_id == number_id]
    told_untruly = any(each.fault in (*UNTRUE_SUCCESSES, "202_late") for each in sent)
    doubt = counts["intent"] > counts["attempt"] or any(map(doubtful, sent)) or told_untruly
    return doubt and len(begun) > 0 and any(at >= begun[0] - case.lag() for at in theirs)


PROMISES: tuple[tuple[str, Promise], ...] = (
    *SENDING,
    ("I4", released_is_true),
    ("I5", all_is_known_in_the_end),
    ("I6", missing_is_not_ours),
    ("I7", still_present_was_seen_twice),
    ("I8", every_row_once),
    ("I8", exit_code_fits),
    ("I10", one_row_releases),
    *HOLDING,
    *ENDS,
)

LEDGERLESS: tuple[tuple[str, Promise], ...] = (("E1", untouched_means_it), ("E4", robbed_stops))
