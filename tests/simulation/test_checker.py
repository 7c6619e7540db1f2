"""The judge is tried, too. In: a night in which all went well, with one thing changed. Out: that promise is broken.

A checker that never complains proves nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from decom.vocabulary import Outcome
from tests.simulation.cells import Row
from tests.simulation.checker import judge
from tests.simulation.conftest import folder_in_memory
from tests.simulation.night import live
from tests.simulation.seen import Case, Change, Line, Removal, Request
from tests.simulation.test_every_kill import night_of
from tests.simulation.world import CAMPAIGNS, Call, Hold

Spoil = Callable[[Case], Case]


@pytest.fixture(scope="module")
def good() -> Case:
    """A run that was taken to its end undisturbed: three numbers released, two kept."""
    with folder_in_memory() as folder:
        night = live(night_of((), None), Path(folder))
    assert night.broken == []
    assert night.case is not None
    return replace(night.case, final=True)


def deletes(case: Case) -> list[Request]:
    return [request for request in case.requests if request.method == "DELETE"]


def with_delete(case: Case, **changes: Any) -> Case:
    """The case with its first DELETE changed."""
    first = deletes(case)[0]
    return with_requests(case, [replace(each, **changes) if each is first else each for each in case.requests])


def with_more(case: Case, *more: Request) -> Case:
    """The case with more requests right after its last DELETE."""
    last = deletes(case)[-1].seq
    return with_requests(case, [*case.requests[:last], *more, *case.requests[last:]])


def with_requests(case: Case, requests: Sequence[Request]) -> Case:
    numbered = [replace(each, seq=seq) for seq, each in enumerate(requests, 1)]
    first, *others = case.parts
    more = len(numbered) - len(case.requests)
    parts = [replace(first, last=first.last + more)]
    parts += [replace(each, first=each.first + more, last=each.last + more) for each in others]
    return replace(case, requests=numbered, parts=parts)


def with_row(case: Case, was: str, **changes: Any) -> Case:
    """The case with its first row of an outcome changed."""
    first = next(row for row in case.rows if row.outcome == was)
    return replace(case, rows=[replace(row, **changes) if row is first else row for row in case.rows])


def with_head(case: Case, **changes: Any) -> Case:
    """The case with its plan's head changed."""
    lines = [
        replace(line, body={**line.body, "head": {**line.body["head"], **changes}}) if line.kind == "planned" else line
        for line in case.lines
    ]
    return replace(case, lines=lines)


def with_lines(case: Case, *lines: Line) -> Case:
    return replace(case, lines=[*case.lines, *lines])


def with_part(case: Case, **changes: Any) -> Case:
    """The case with its first command changed."""
    return replace(case, parts=[replace(case.parts[0], **changes), *case.parts[1:]])


def again(case: Case, after: float, **changes: Any) -> Request:
    """The first DELETE once more, so many seconds after it ended."""
    first = deletes(case)[0]
    assert first.ended is not None
    return replace(first, arrived=first.ended + after, ended=first.ended + after + 0.1, **changes)


def a_released(case: Case) -> str:
    return next(row.number_id or "" for row in case.rows if row.outcome == "released")


def attempts(case: Case, statuses: Sequence[int | None]) -> Case:
    """The first number's DELETE had these ends instead, a minute apart."""
    first = deletes(case)[0]
    more = [replace(first, arrived=1e3 + 60 * n, ended=1e3 + 60 * n + 1, status=s) for n, s in enumerate(statuses)]
    return with_more(with_delete(case, status=None), *more)


def unread(case: Case) -> Case:
    """The plan says missing of a number that was there."""
    lines = [
        replace(line, body={**line.body, "number_id": "phn_f"}) if line.body.get("decision") == "missing" else line
        for line in case.lines
    ]
    return replace(case, lines=lines)


def twice_planned(case: Case) -> Case:
    row = next(line for line in case.lines if line.kind == "row" and line.body["decision"] == "release")
    return with_lines(case, row)


def with_truth(case: Case, **changes: Any) -> Case:
    return replace(case, truth=replace(case.truth, **changes))


def with_states(case: Case, **states: str) -> Case:
    """The case whose plan says these states of its sources."""
    return with_head(case, sources=[{"name": name, "state": state} for name, state in states.items()])


def holding(case: Case, since: float = -1.0) -> Hold:
    """A campaign that names the number of `phn_a` all the time, and was shown to nobody."""
    number = case.known["phn_a"]
    call = Call(number, {"from_phone_number": number}, readable=True)
    return Hold(CAMPAIGNS, "cmp_x", "scheduled", (call,), since=since)


def accepted_and_shown(case: Case) -> Case:
    hold = holding(case)
    shown = [replace(each, holds=[hold], calls=hold.calls) if each.seq == 1 else each for each in case.requests]
    return with_truth(replace(case, requests=shown), holds=[hold], accepted=frozenset({CAMPAIGNS}))


def paused(case: Case) -> Case:
    """All of its requests but the first DELETE are as they were; that one left an hour later, held meanwhile."""
    first = deletes(case)[0]
    late = (first.ended or 0.0) + 3_600.0
    moved = with_delete(case, arrived=late, ended=late + 1)
    removals = [replace(each, at=late) if each.by == first.seq else each for each in case.removals]
    number_id = first.number_id or ""
    number = case.known[number_id]
    call = Call(number, {"from_phone_number": number}, readable=True)
    hold = Hold(CAMPAIGNS, "cmp_x", "active", (call,), since=late - 1_000.0)
    return with_truth(replace(moved, removals=removals), holds=[hold])


def updated(case: Case) -> list[Row]:
    return [replace(row, operation="Update") for row in case.truth.rows]


def ended_with(case: Case, code: int) -> Case:
    """Only its first command, which ended so."""
    part = replace(case.parts[0], exit_code=code)
    return replace(case, parts=[part], requests=case.requests[: part.last])


def without_look(case: Case) -> Case:
    last = deletes(case)[-1].seq
    return replace(case, requests=case.requests[:last], parts=[replace(case.parts[0], last=last)])


def early(case: Case) -> Removal:
    """Somebody else took the conflicted number away before all began."""
    return Removal("phn_e", case.known["phn_e"], -5.0, None)


def throttled(case: Case) -> Case:
    number_id = next(row.number_id for row in case.rows if row.outcome == "conflicted")
    told = {"attempt": 1, "status": 429, "proof": "throttled"}
    others = [line for line in case.lines if line.number_id != number_id]
    case = replace(case, lines=others)
    lines = [Line(case.run_id, "intent", number_id, {"attempt": 1}), Line(case.run_id, "attempt", number_id, told)]
    return with_lines(with_row(case, "conflicted", outcome=Outcome.UNKNOWN, evidence="unconfirmed"), *lines)


def unreadable(case: Case) -> Case:
    """The plan says invalid of the first row."""
    first = next(line for line in case.lines if line.kind == "row")
    spoilt = replace(first, body={**first.body, "decision": "invalid"})
    return replace(case, lines=[spoilt if line is first else line for line in case.lines])


LOCKED: dict[str, Any] = {"status": 429, "target": "/v1/organization-phone-numbers/phn_f"}

SPOILT: list[tuple[str, str, Spoil]] = [
    ("I1", "a number nobody approved", lambda c: with_delete(c, target="/v1/organization-phone-numbers/phn_f")),
    ("I1", "a path that is not quite it", lambda c: with_delete(c, target=deletes(c)[0].target + "?force=1")),
    ("I2", "sent without leave", lambda c: with_part(c, leave=None)),
    ("I2", "sent by a plan", lambda c: with_part(c, command="plan", leave=None)),
    ("I2", "a PATCH", lambda c: with_delete(c, method="PATCH")),
    ("I3", "no intent on the disk", lambda c: with_delete(c, intents=0)),
    ("I4", "released by nobody", lambda c: replace(c, removals=c.removals[1:])),
    (
        "I4",
        "released by somebody else",
        lambda c: replace(c, removals=[replace(c.removals[0], by=None), *c.removals[1:]]),
    ),
    (
        "I4",
        "removed and called failed",
        lambda c: with_row(c, "released", outcome=Outcome.FAILED, evidence="answered_4xx"),
    ),
    (
        "I4",
        "removed and in no row",
        lambda c: replace(c, removals=[*c.removals, Removal("phn_f", "", 1.0, deletes(c)[0].seq)]),
    ),
    ("I5", "still unknown", lambda c: with_row(c, "conflicted", outcome=Outcome.UNKNOWN, evidence="unconfirmed")),
    (
        "I5",
        "never attempted",
        lambda c: with_row(c, "conflicted", outcome=Outcome.NOT_ATTEMPTED, evidence="stopped:key"),
    ),
    ("I5", "an open intent", lambda c: with_lines(c, Line(c.run_id, "intent", "phn_e", {"attempt": 1}))),
    ("I6", "removed and called missing", lambda c: with_row(c, "released", outcome=Outcome.MISSING, evidence="plan")),
    (
        "I7",
        "present without a look",
        lambda c: with_row(c, "released", outcome=Outcome.FAILED, evidence="still_present"),
    ),
    ("I8", "a row less", lambda c: replace(c, rows=c.rows[1:])),
    ("I8", "rows in another order", lambda c: replace(c, rows=[*c.rows[1:], c.rows[0]])),
    ("I8", "another cell", lambda c: with_row(c, "missing", input_value="phn_GONE")),
    ("I8", "evidence that does not fit", lambda c: with_row(c, "released", evidence="plan")),
    ("I8", "too good an exit code", lambda c: replace(c, exit_code=0)),
    ("I9", "two in flight", lambda c: with_more(c, again(c, -0.05))),
    ("I9", "again after a 200", lambda c: with_more(c, again(c, 5.0))),
    ("I9", "again by another run", lambda c: with_lines(c, Line("other", "intent", a_released(c), {"attempt": 1}))),
    ("I9", "again after the outcome", lambda c: with_lines(c, Line(c.run_id, "intent", "phn_d", {"attempt": 2}))),
    ("I10", "two rows release it", twice_planned),
    (
        "I10",
        "two rows say released",
        lambda c: with_row(c, "duplicate", outcome=Outcome.RELEASED, evidence="answered_2xx"),
    ),
    ("I11", "more at once than allowed", lambda c: replace(c, concurrency=1)),
    ("I11", "sooner than asked", lambda c: with_delete(c, status=429, retry_after=60.0)),
    ("I12", "a fifth attempt", lambda c: attempts(c, [500, 500, 500, 500])),
    ("I12", "a dead service is not left alone", lambda c: attempts(c, [None] * 12)),
    ("I13", "sent after a signal", lambda c: with_part(c, stopped_at=deletes(c)[0].arrived - 1.0)),
    ("I13", "sent after a 401", lambda c: with_delete(c, status=401, ended=deletes(c)[0].arrived - 1.0)),
    ("I14", "more than the guard allows", lambda c: with_head(c, max_release=1)),
    ("I14", "too large a share", lambda c: with_head(c, max_share=0.1)),
    (
        "I16",
        "another number by now",
        lambda c: replace(c, changes=[Change("phn_a", "reassigned", -1.0, "+19990000000")]),
    ),
    ("I33", "called missing, and there", unread),
    ("I33", "called free, and held", lambda c: with_truth(c, holds=[*c.truth.holds, holding(c)])),
    ("I33", "clear, and called invalid", unreadable),
    ("H1", "no row means it", lambda c: with_truth(c, rows=[row for row in c.truth.rows if row.number_id != "phn_a"])),
    ("H1", "a row of two values", lambda c: with_truth(c, rows=[replace(row, one=False) for row in c.truth.rows])),
    ("H1", "a column that nobody answered for", lambda c: with_truth(c, operations="column", rows=updated(c))),
    ("H1", "a row that was not wanted", lambda c: with_truth(c, operations="only", rows=updated(c))),
    ("H2", "protected by ID", lambda c: with_truth(c, protected=frozenset({a_released(c)}))),
    ("H2", "protected by number", lambda c: with_truth(c, protected=frozenset({"+14155550100"}))),
    ("H3", "a campaign names it", lambda c: with_truth(c, holds=[holding(c)])),
    ("H3", "accepted, and was shown", accepted_and_shown),
    ("H4", "held in a pause", paused),
    ("H5", "ported out", lambda c: replace(c, changes=[Change("phn_a", "ported", -1.0, "+14155550100")])),
    ("H6", "a source that was not read", lambda c: with_states(c, campaigns="not_checked")),
    ("H7", "not applicable, and there", lambda c: with_states(c, campaigns="not_applicable")),
    ("H7", "checked, and not shown", lambda c: with_truth(c, holds=[*c.truth.holds, holding(c)])),
    (
        "H7",
        "checked, and a workflow is active",
        lambda c: with_truth(with_states(c, workflows="checked"), workflows=True),
    ),
    ("H7", "not checked, and nothing was wrong", lambda c: with_states(c, campaigns="not_checked")),
    ("H8", "another workspace's list", lambda c: with_truth(c, foreign=True)),
    (
        "H9",
        "another workspace's memory",
        lambda c: with_truth(with_row(c, "missing", evidence="earlier_run:there"), elsewhere=frozenset({"there"})),
    ),
    ("E1", "refused, and sent", lambda c: ended_with(c, 5)),
    ("E1", "bad input, and sent", lambda c: ended_with(c, 2)),
    ("E2", "done, and did not look", lambda c: ended_with(without_look(c), 0)),
    ("E2", "done, and one is still there", lambda c: replace(ended_with(c, 0), removals=c.removals[1:])),
    ("E2", "done, and one that stayed is gone", lambda c: replace(ended_with(c, 0), removals=[*c.removals, early(c)])),
    ("E3", "missing, and there", lambda c: with_row(c, "conflicted", outcome=Outcome.MISSING, evidence="plan")),
    ("E4", "robbed, and sent", lambda c: replace(c, parts=[replace(c.parts[0], robbed_at=0.0)])),
    ("E5", "throttled, and unknown", throttled),
    ("E6", "too old a plan", lambda c: with_delete(c, arrived=1e6, ended=1e6 + 1)),
    ("E7", "one is asked for ever", lambda c: with_more(c, *(again(c, 10.0 * n, **LOCKED) for n in range(1, 30)))),
]


def test_a_good_run_breaks_no_promise(good):
    assert judge(good) == []


@pytest.mark.parametrize(("promise", "spoil"), [(p, s) for p, _, s in SPOILT], ids=[f"{p} {w}" for p, w, _ in SPOILT])
def test_each_promise_is_missed_when_it_is_broken(good, promise, spoil):
    assert promise in {words.partition(":")[0] for words in judge(spoil(good))}


def test_a_gateway_that_repeats_a_request_is_let_pass_only_where_the_reason_says_so(good):
    removed = with_delete(good, fault="gateway_retry")
    number_id = deletes(removed)[0].number_id
    honest = "gone when asked to release it: someone else released it, or a proxy repeated our request"

    def called_missing(reason: str) -> list[str]:
        said = {"outcome": Outcome.MISSING, "evidence": "answered_404_after_seen", "reason": reason}
        rows = [
            replace(row, **said) if row.number_id == number_id and row.outcome == "released" else row
            for row in good.rows
        ]
        return judge(replace(removed, rows=rows))

    assert called_missing(honest) == []
    assert len(called_missing("it was not there")) > 0
