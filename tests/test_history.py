"""The past as the ledger has it: runs, one run, one number's whole life; and nothing is changed by asking."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from decom.dialnexa.replies import Proof
from decom.errors import BadInput, LedgerTrouble
from decom.ledger.lock import workspace_locked
from decom.ledger.records import Attempt, Ended, Intent, Look, Record, Reported, Settled, Started, Verified
from decom.ledger.writer import Writer
from decom.planning.plan import Plan
from decom.planning.saved import SavedHead, rows_as_json
from decom.vocabulary import Decision, Outcome, Stopped
from decom.workflow import history
from decom.workflow.history import NumberDetails, RunDetails
from decom.workflow.runs import record_plan
from tests.made_up_plan import HEAD, PLAN
from tests.quick_clock import QuickClock

FIRST, SECOND = "20261123T185757Z-1a2b3c", "20261124T185757Z-4d5e6f"
STARTED = Started("ops@host", 4_000_000, "0.1.0")


@pytest.fixture
def clock() -> QuickClock:
    return QuickClock()


def entered(home: Path, clock: QuickClock, run_id: str, *records: Record, plan: Plan = PLAN) -> None:
    """A run in the ledger: its plan, then these records, a second apart."""
    head = replace(plan.head, run_id=run_id)
    record_plan(home, replace(plan, head=head), rows_as_json(plan), SavedHead(head, home / run_id, "0" * 64), clock)
    with Writer(home, run_id, clock) as writer:
        for record in records:
            clock.pass_by(1.0)
            writer.record(record)


def released(number: int) -> tuple[Record, ...]:
    name = f"phn_{number}"
    return (
        Intent(name, 1),
        Attempt(name, 1, Proof.APPLIED, 200, "released", "2026-11-23T18:57:58.120Z"),
        Settled(name, f"+1415555{number:04}", Outcome.RELEASED, "answered_2xx", "the service confirmed it"),
    )


STAYING = {Outcome.CONFLICTED: 1, Outcome.MISSING: 1, Outcome.INVALID: 1, Outcome.DUPLICATE: 1}
"""Rows of the plan to which nothing is sent; the other two are to be released."""
ONE: dict[Outcome, int] = {Outcome.RELEASED: 1, Outcome.NOT_ATTEMPTED: 1}
NONE: dict[Outcome, int] = {Outcome.NOT_ATTEMPTED: 2}


def throttled(number: int) -> Record:
    return Attempt(f"phn_{number}", 1, Proof.THROTTLED, 429, "later", "2026-11-23T18:57:58.120Z")


def test_a_home_without_a_ledger_has_no_runs_and_gets_none(tmp_path: Path) -> None:
    assert history.runs(tmp_path / "home") == []
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("records", "status", "outcomes", "still_open"),
    [
        ((), "planned", {}, 0),
        ((STARTED, *released(2), Ended(None), Verified(()), Reported("ab")), "done", ONE, 0),
        # Killed between its end and its reports: that is not done.
        ((STARTED, *released(2), Ended(None)), "interrupted", ONE, 0),
        ((STARTED, *released(2), Ended(None), Verified(())), "interrupted", ONE, 0),
        ((STARTED, *released(2), Ended(None), Reported("ab"), STARTED, Ended(None)), "interrupted", ONE, 0),
        ((STARTED, *released(2), Ended(Stopped.SIGTERM, "SIGTERM"), Reported("ab")), "stopped", ONE, 0),
        ((Ended(Stopped.OUTAGE), Reported("ab")), "stopped", NONE, 0),
        ((STARTED, Intent("phn_2", 1), throttled(2)), "interrupted", NONE, 0),
        ((STARTED, *released(2), Intent("phn_3", 1)), "interrupted", {Outcome.RELEASED: 1, Outcome.UNKNOWN: 1}, 1),
        ((STARTED, Ended(Stopped.SIGTERM), STARTED), "interrupted", NONE, 0),
    ],
)
def test_a_run_in_a_line_says_how_it_stands(
    records: tuple[Record, ...],
    status: str,
    outcomes: dict[Outcome, int],
    still_open: int,
    tmp_path: Path,
    clock: QuickClock,
) -> None:
    entered(tmp_path / "home", clock, FIRST, *records)
    [line] = history.runs(tmp_path / "home")
    expected = {} if status == "planned" else {**outcomes, **STAYING}
    assert (line.run_id, line.status, line.outcomes, line.open) == (FIRST, status, expected, still_open)
    assert (line.input_name, line.rows, line.planned_at) == ("numbers.csv", 6, "2026-11-23T18:57:57.120Z")


@pytest.mark.parametrize(
    ("records", "unverified"),
    [
        ((Ended(None), Reported("ab")), True),
        ((Ended(None), Verified(()), Reported("ab")), False),
        ((Ended(None), Reported("ab"), Verified(())), False),
        ((Ended(None),), False),
        ((Ended(Stopped.SIGTERM), Reported("ab")), False),
    ],
)
def test_a_run_that_is_done_and_that_nobody_looked_at_again_says_so(
    records: tuple[Record, ...], unverified: bool, tmp_path: Path, clock: QuickClock
) -> None:
    entered(tmp_path / "home", clock, FIRST, STARTED, *released(2), *records)
    [line] = history.runs(tmp_path / "home")
    assert line.unverified is unverified


def test_runs_come_oldest_first(tmp_path: Path, clock: QuickClock) -> None:
    for run_id in (SECOND, FIRST):
        entered(tmp_path / "home", clock, run_id)
    assert [line.run_id for line in history.runs(tmp_path / "home")] == [FIRST, SECOND]


def test_a_run_that_holds_its_lock_is_releasing_and_one_that_does_not_is_interrupted(
    tmp_path: Path, clock: QuickClock
) -> None:
    home = tmp_path / "home"
    entered(home, clock, FIRST, STARTED)
    record = home / "ws-0123456789ab.holder.json"
    with workspace_locked(home, "ws-0123456789ab", FIRST, clock):
        [line] = history.runs(home)
        assert (line.status, line.outcomes) == ("releasing", STAYING)  # what is to come has no outcome yet
        assert f"process {os.getpid()}" in history.working_now(home)[FIRST]
        left_behind = record.read_bytes()
    assert [line.status for line in history.runs(home)] == ["interrupted"]
    record.write_bytes(left_behind)  # as after a kill; and this process has that number, as PID 1 of a container has
    assert [line.status for line in history.runs(home)] == ["interrupted"]
    record.write_text("half a fi")
    assert history.working_now(home) == {}


def test_one_run_is_shown_with_its_decisions_and_what_happened(tmp_path: Path, clock: QuickClock) -> None:
    home = tmp_path / "home"
    end = Ended(Stopped.OUTAGE, "nobody answered")
    entered(home, clock, FIRST, STARTED, *released(2), end, Verified(("phn_2 is still there",)))
    found = history.show(home, f" {FIRST} ")
    assert isinstance(found, RunDetails)
    assert found.decisions[Decision.RELEASE] == 2
    assert sum(found.decisions.values()) == len(PLAN.rows)
    assert found.folder == home / FIRST
    assert [moment.event for moment in found.moments] == [
        "planned",
        "releasing began, by ops@host (process 4000000, decom 0.1.0)",
        "stopped (outage): nobody answered",
        "verified: 1 not as reported",
    ]
    assert found.differences == ("phn_2 is still there",)


@pytest.mark.parametrize(
    "name",
    [
        "phn_2",
        "+14155550002",
        "14155550002",
        "+1 (415) 555-0002",
        "+1.415.555.0002",
        "0014155550002",
        "tel:+1/415/555\u20110002",
    ],
)
def test_a_numbers_whole_life_is_found_under_any_of_its_names(name: str, tmp_path: Path, clock: QuickClock) -> None:
    home = tmp_path / "home"
    entered(home, clock, FIRST, STARTED, *released(2), Ended(None))
    entered(home, clock, SECOND)
    found = history.show(home, name)
    assert isinstance(found, NumberDetails)
    assert (found.number_ids, found.phone_numbers) == (("phn_2",), ("+14155550002",))
    assert [(moment.run_id, moment.event) for moment in found.moments] == [
        (FIRST, "row 2: planned as release: a reason"),
        (FIRST, "about to send release 1"),
        (FIRST, "release 1 answered 200: released"),
        (FIRST, "released: the service confirmed it (answered_2xx)"),
        (SECOND, "row 2: planned as release: a reason"),
    ]
    assert found.moments[3].outcome is Outcome.RELEASED


def test_looks_and_lost_answers_are_told_in_words(tmp_path: Path, clock: QuickClock) -> None:
    home = tmp_path / "home"
    lost = Attempt("phn_2", 1, Proof.IN_DOUBT, None, "ReadTimeout", "2026-11-23T18:57:58.120Z")
    looks = (Look("phn_2", True, 1.0), Look("phn_2", False, 60.0), Look("phn_2", None, 60.0, "no answer"))
    entered(home, clock, FIRST, lost, *looks)
    found = history.show(home, "phn_2")
    assert [moment.event for moment in found.moments][1:] == [
        "release 1 no answer: ReadTimeout",
        "looked: still there",
        "looked: gone",
        "looked: could not be checked: no answer",
    ]


@pytest.mark.parametrize("name", [FIRST, "phn_none", "+19999999999", "../../etc", "x" * 500, ""])
def test_what_the_ledger_does_not_know_is_said_so(name: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        history.show(tmp_path, name)
    assert "decom runs" in (caught.value.remedy or "")
    assert len(str(caught.value)) < 400


def test_a_ledger_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_bytes(b"no database at all" * 100)
    with pytest.raises(LedgerTrouble):
        history.runs(tmp_path)


def test_asking_changes_no_byte_of_the_ledger(tmp_path: Path, clock: QuickClock) -> None:
    home = tmp_path / "home"
    entered(home, clock, FIRST, STARTED, *released(2), Ended(None))
    before = (home / "ledger.sqlite3").read_bytes()
    history.runs(home)
    history.show(home, FIRST)
    history.show(home, "phn_2")
    assert (home / "ledger.sqlite3").read_bytes() == before
    assert HEAD.run_id == FIRST
