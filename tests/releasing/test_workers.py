"""Many numbers, several workers, a real server: each is settled once, and a stop leaves nothing half done."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from decom.dialnexa.replies import Proof
from decom.errors import NotDurable
from decom.ledger import records
from decom.ledger.reader import Reader
from decom.ledger.records import Attempt, Entry, Kind, Settled
from decom.releasing.events import Began, Done, Event
from decom.releasing.one_number import Task, Tools
from decom.releasing.stopping import StopSignal
from decom.releasing.workers import release_all
from decom.vocabulary import Outcome, Stopped
from tests.dialnexa.speaking import service_of
from tests.quick_clock import QuickClock
from tests.releasing.at_work import RUN, phone, small, task, tools_on
from tests.service.faults import Fault, FaultPlan, Rule
from tests.service.request_log import Record
from tests.service.server import Sandbox
from tests.service.world import a_number

Start = Callable[..., Sandbox]


class Night:
    """What happened while numbers were released."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.why: Stopped | None = None
        self.detail = ""

    @property
    def settled(self) -> dict[str, Settled]:
        done = [event.settled for event in self.events if isinstance(event, Done)]
        assert len({each.number_id for each in done}) == len(done)
        return {each.number_id: each for each in done}

    @property
    def outcomes(self) -> Counter[Outcome]:
        return Counter(each.outcome for each in self.settled.values())


def released(
    sandbox: Sandbox,
    home: Path,
    tasks: list[Task],
    *,
    concurrency: int = 4,
    clock: QuickClock | None = None,
    meanwhile: Callable[[Tools, Night], None] | None = None,
) -> Night:
    """Release all tasks; `meanwhile` is called once everything is ready."""
    night = Night()

    async def main() -> None:
        ours = clock or QuickClock()
        with tools_on(home, ours) as tools:
            if meanwhile is not None:
                meanwhile(tools, night)
            try:
                await release_all(tasks, service_of(sandbox, ours), tools, concurrency, night.events.append)
            finally:
                night.why, night.detail = tools.stop.why, tools.stop.detail
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())
    return night


def on_record(home: Path) -> dict[str, Outcome]:
    """What the ledger says became of each number."""
    with Reader(home) as ledger:
        lives = [ledger.life(f"phn_{n}") for n in range(1, 60)]
    settled = [records.settled(entry.body) for life in lives for _, entry in life if entry.kind is Kind.SETTLED]
    return {each.number_id: each.outcome for each in settled}


def gone(outcomes: Mapping[str, Outcome]) -> set[str]:
    """The numbers that are called released."""
    return {number_id for number_id, outcome in outcomes.items() if outcome is Outcome.RELEASED}


@pytest.mark.parametrize("concurrency", [1, 4, 16, 100])
def test_every_number_is_released_once_by_so_many_workers_at_most(start_sandbox: Start, tmp_path: Path, concurrency):
    sandbox = start_sandbox(small(40), faults=[Rule.of(Fault("latency", 0.005))])
    night = released(sandbox, tmp_path, [task(n) for n in range(1, 41)], concurrency=concurrency)
    assert night.outcomes == {Outcome.RELEASED: 40}
    assert len(sandbox.removed) == len(sandbox.log) == 40
    assert sandbox.peak_in_flight <= concurrency
    assert concurrency == 1 or sandbox.peak_in_flight > 1
    began, *done = night.events
    assert isinstance(began, Began) and began.numbers == 40 and began.pacer is not None
    assert len(done) == 40 and night.why is None
    assert gone(on_record(tmp_path)) == set(sandbox.removed)


@pytest.mark.parametrize("concurrency", [1, 4, 16])
@pytest.mark.parametrize("locked", [{1}, {15}, {30}, {2, 3}, {1, 15, 29}], ids=str)
@pytest.mark.parametrize("says", ["429", "429_bare"])
def test_a_number_that_is_answered_429_for_ever_is_given_up_and_the_others_go_on(
    start_sandbox: Start, tmp_path: Path, says, locked, concurrency
):
    ids = [f"phn_{n}" for n in locked]
    sandbox = start_sandbox(small(30), faults=[Rule.of(says, ids=ids)])
    clock = QuickClock()
    night = released(sandbox, tmp_path, [task(n) for n in range(1, 31)], concurrency=concurrency, clock=clock)
    assert night.outcomes == {Outcome.RELEASED: 30 - len(locked), Outcome.FAILED: len(locked)}
    for number_id in ids:
        settled = night.settled[number_id]
        assert (settled.evidence, "the number itself is locked" in settled.reason) == ("answered_4xx", True)
        assert sum(record.number_id == number_id and record.method == "DELETE" for record in sandbox.log) <= 12
    assert night.why is None
    assert clock.seconds - 1_000.0 < (120.0 if says == "429" else 400.0) * len(locked)


def test_nothing_to_do_is_done_at_once(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small())
    night = released(sandbox, tmp_path, [])
    assert night.outcomes == {} and sandbox.log == []
    assert [type(event) for event in night.events] == [Began]


def test_numbers_are_begun_in_the_order_of_the_plan(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small(20))
    released(sandbox, tmp_path, [task(n) for n in range(20, 0, -1)], concurrency=1)
    assert list(sandbox.removed) == [f"phn_{n}" for n in range(20, 0, -1)]


def test_a_number_that_must_wait_holds_nobody_up_and_is_asked_about_at_the_end(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small(10), faults=[Rule.of("drop_before", ids=["phn_1", "phn_2"])])
    night = released(sandbox, tmp_path, [task(n) for n in range(1, 11)], concurrency=1)
    assert night.outcomes == {Outcome.RELEASED: 8, Outcome.FAILED: 2}
    targets = [record.target.rpartition("/")[2] for record in sandbox.log]
    assert targets[:10] == ["phn_1"] * 5 + ["phn_2"] * 5
    assert targets[-2:] == ["phn_1", "phn_2"] and len(targets) == 20


def test_several_workers_wait_for_the_same_late_looks(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small(6), faults=[Rule.of("html_200", ids=["phn_1"]), Rule.of("500_before")])
    night = released(sandbox, tmp_path, [task(n) for n in range(1, 3)], concurrency=6)
    assert night.outcomes == {Outcome.FAILED: 2}


@pytest.mark.parametrize(
    ("faults", "why"),
    [
        ([Rule.of("401", nth=5)], Stopped.KEY),
        ([Rule.of("403")], Stopped.KEY),
        ([Rule.of("route_404", nth=5)], Stopped.BASE_URL),
        ([Rule.of("html_200", nth=[5, 6])], Stopped.BASE_URL),
        ([Rule.of("429_bare")], Stopped.RATE),
    ],
)
def test_trouble_that_is_the_runs_stops_it_and_the_rest_is_not_begun(start_sandbox: Start, tmp_path: Path, faults, why):
    sandbox = start_sandbox(small(40), faults=faults)
    night = released(sandbox, tmp_path, [task(n) for n in range(1, 41)], concurrency=2)
    assert night.why is why
    assert len(night.settled) < 20
    told = {number_id: each.outcome for number_id, each in night.settled.items()}
    assert on_record(tmp_path) == told and gone(told) == set(sandbox.removed)


def test_a_patient_stop_still_finds_out_what_became_of_a_number(start_sandbox: Start, tmp_path: Path):
    rules = [Rule.of("drop_before", ids=["phn_1"]), Rule.of("html_200", ids=["phn_2"])]
    sandbox = start_sandbox(small(9), faults=rules)
    clock = QuickClock()
    night = released(sandbox, tmp_path, [task(n) for n in range(1, 10)], concurrency=1, clock=clock)
    assert night.why is Stopped.BASE_URL
    assert {number_id: each.evidence for number_id, each in night.settled.items()} == {
        "phn_1": "still_present",
        "phn_2": "still_present",
    }
    assert 60.0 <= clock.monotonic() - 1_000.0 < 120.0


NOBODY_KNOWS = Fault("gateway_404", text="aws")
A_GATEWAY = [Rule.of(NOBODY_KNOWS), Rule.of(NOBODY_KNOWS, method="GET", path="/phn_")]


def listings(sandbox: Sandbox) -> int:
    return sum("page=1" in record.target for record in sandbox.log)


def test_one_listing_answers_for_all_numbers_that_need_one_once_the_others_are_done(
    start_sandbox: Start, tmp_path: Path
):
    sandbox = start_sandbox(small(20), faults=[Rule.of(NOBODY_KNOWS, method=None, ids=["phn_3", "phn_9"])])
    sandbox.world.take_away("phn_3")
    sandbox.world.take_away("phn_9")
    night = released(sandbox, tmp_path, [task(n) for n in range(1, 21)], concurrency=4)
    assert night.outcomes == {Outcome.RELEASED: 18, Outcome.MISSING: 2}
    assert listings(sandbox) == 2, "two readings, which agree"
    assert all("page=" in record.target for record in sandbox.log[-2:])


def test_numbers_in_a_row_that_only_a_gateway_calls_gone_stop_the_run_and_none_is_missing(
    start_sandbox: Start, tmp_path: Path
):
    sandbox = start_sandbox(small(40), faults=A_GATEWAY)
    night = released(sandbox, tmp_path, [task(n) for n in range(1, 41)], concurrency=2)
    assert night.why is Stopped.BASE_URL
    assert {each.evidence for each in night.settled.values()} == {"stopped:base_url"}
    assert 3 <= len(night.settled) <= 4 and listings(sandbox) == 2


def test_numbers_in_a_row_that_someone_else_released_are_missing_all_the_same(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small(10))
    for number in range(1, 11):
        sandbox.world.take_away(f"phn_{number}")
    night = released(sandbox, tmp_path, [task(n) for n in range(1, 11)], concurrency=1)
    assert night.why is Stopped.BASE_URL
    assert night.outcomes == {Outcome.MISSING: 3} and listings(sandbox) == 2


@pytest.mark.parametrize("phase", ["arrival", "answered"])
def test_a_stop_while_the_listing_is_read_cuts_it_off_and_what_it_was_read_for_is_unknown(
    start_sandbox: Start, tmp_path: Path, phase
):
    sandbox = start_sandbox(small(2), faults=[*A_GATEWAY, Rule.of("latency:0.05", method="GET")])

    def stop_at_the_listing(tools: Tools, _: Night) -> None:
        loop = asyncio.get_running_loop()

        def stop(now: str, record: Record) -> None:
            if now == phase and "page=1" in record.target:
                loop.call_soon_threadsafe(tools.stop.ask, Stopped.SIGTERM)

        sandbox.on_phase = stop

    night = released(sandbox, tmp_path, [task(1), task(2)], meanwhile=stop_at_the_listing)
    assert night.outcomes == {Outcome.UNKNOWN: 2}
    assert listings(sandbox) == 1


def test_a_key_that_is_refused_at_the_listing_stops_the_run(start_sandbox: Start, tmp_path: Path):
    faults = [*A_GATEWAY, Rule.of("401", method="GET", path="?page=")]
    night = released(start_sandbox(small(2), faults=faults), tmp_path, [task(1), task(2)])
    assert night.why is Stopped.KEY and night.outcomes == {Outcome.UNKNOWN: 2}


def test_a_listing_that_never_agrees_with_the_one_before_proves_nothing(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small(2), faults=A_GATEWAY)
    others = iter(range(100, 200))
    sandbox.on_phase = lambda phase, record: (
        sandbox.world.put_back(a_number(f"phn_{next(others)}", "+14155550199"))
        if phase == "answered" and "page=" in record.target
        else None
    )
    night = released(sandbox, tmp_path, [task(1), task(2)])
    assert night.outcomes == {Outcome.UNKNOWN: 2}
    assert "went on changing" in night.settled["phn_1"].reason


def test_a_total_outage_ends_after_few_requests(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small(50), faults=FaultPlan.sometimes(1.0, "drop_before", method=None))
    night = released(sandbox, tmp_path, [task(n) for n in range(1, 51)], concurrency=4)
    deletes = [record for record in sandbox.log if record.method == "DELETE"]
    # The questions whether the service is there are answered by the fixture itself: it is.
    assert len(deletes) <= 50 + 10 and night.outcomes[Outcome.UNKNOWN] > 0
    counts = Counter(record.target for record in deletes)
    assert max(counts.values()) <= 4


@pytest.mark.parametrize("at", [1, 7, 20])
def test_after_a_stop_what_is_in_flight_is_finished_and_nothing_is_begun(start_sandbox: Start, tmp_path: Path, at):
    sandbox = start_sandbox(small(40))

    def stop_at(tools: Tools, _: Night) -> None:
        loop = asyncio.get_running_loop()

        async def ask() -> None:
            tools.stop.ask(Stopped.SIGTERM, "stopped by SIGTERM")

        def stop(phase: str, record: object) -> None:
            if phase == "arrival" and len(sandbox.log) == at:
                asyncio.run_coroutine_threadsafe(ask(), loop).result(5.0)

        sandbox.on_phase = stop

    night = released(sandbox, tmp_path, [task(n) for n in range(1, 41)], concurrency=4, meanwhile=stop_at)
    assert night.why is Stopped.SIGTERM
    assert at <= len(sandbox.log) <= at + 4
    told = {number_id: each.outcome for number_id, each in night.settled.items()}
    assert on_record(tmp_path) == told and gone(told) == set(sandbox.removed)


def test_a_number_that_waits_for_its_late_look_is_unknown_once_the_run_must_end(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small(3), faults=[Rule.of("drop_before", ids=["phn_1"])])
    clock = QuickClock()

    def stop_later(tools: Tools, _: Night) -> None:
        loop = asyncio.get_running_loop()

        def stop(phase: str, record: Record) -> None:
            if phase == "arrival" and record.number_id == "phn_2":
                loop.call_soon_threadsafe(tools.stop.ask, Stopped.SIGTERM)

        sandbox.on_phase = stop

    tasks = [task(n) for n in range(1, 4)]
    night = released(sandbox, tmp_path, tasks, concurrency=1, clock=clock, meanwhile=stop_later)
    assert night.settled["phn_1"].outcome is Outcome.UNKNOWN
    assert night.settled["phn_2"].outcome is Outcome.RELEASED
    assert clock.monotonic() - 1_000.0 < 60.0


def test_after_a_stop_what_an_earlier_part_began_is_still_brought_to_an_end(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small(9))
    sandbox.world.take_away("phn_3")
    sent = Attempt("phn_3", 1, Proof.CUT_OFF, None, "interrupted", "2026-11-23T18:57:57.120Z")
    begun = Task("phn_3", phone(3), [sent], attempts=1, begun=True, last_sent=0.0)

    def stopped(tools: Tools, _: Night) -> None:
        tools.stop.ask(Stopped.STALE_PLAN, "too old")

    night = released(sandbox, tmp_path, [task(1), begun, task(2)], meanwhile=stopped)
    assert {number_id: each.outcome for number_id, each in night.settled.items()} == {"phn_3": Outcome.RELEASED}
    assert [record.method for record in sandbox.log] == ["GET"]


def test_a_full_disk_stops_the_run_and_is_told(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small(40))
    filled: list[int] = []
    stops: list[StopSignal] = []

    def fills(tools: Tools, _: Night) -> None:
        stops.append(tools.stop)

        def fill(phase: str, record: object) -> None:
            if phase == "arrival" and len(sandbox.log) == 10 and filled == []:
                connection: sqlite3.Connection = vars(tools.ledger)["_connection"]
                (pages,) = connection.execute("PRAGMA page_count").fetchone()
                connection.execute(f"PRAGMA max_page_count={pages}")
                filled.append(pages)

        sandbox.on_phase = fill

    night = Night()
    with pytest.raises(NotDurable, match="the ledger could not be written"):
        night = released(sandbox, tmp_path, [task(n) for n in range(1, 41)], concurrency=2, meanwhile=fills)
    assert filled != [] and stops[0].why is Stopped.DISK
    assert gone(on_record(tmp_path)) <= set(sandbox.removed)
    # What was removed and could not be recorded has its intent on record.
    with Reader(tmp_path) as ledger:
        for number_id in sandbox.removed:
            assert any(entry.kind is Kind.INTENT for _, entry in ledger.life(number_id))
    assert len(sandbox.log) <= 14 and night.events == []


def test_a_listener_that_fails_changes_nothing(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small(5))

    def fail(event: Event) -> None:
        raise BrokenPipeError

    async def main() -> None:
        with tools_on(tmp_path) as tools:
            await release_all([task(n) for n in range(1, 6)], service_of(sandbox), tools, 2, fail)
            assert not tools.stop.asked

    asyncio.run(main())
    assert len(sandbox.removed) == 5


def test_a_mistake_of_ours_in_one_worker_stops_the_others_politely(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small(40))

    class Broken(list[Attempt]):
        def __iter__(self):
            raise ZeroDivisionError("ours")

    tasks = [task(n) for n in range(1, 41)]
    tasks[9].events = Broken([Attempt("phn_10", 1, Proof.CUT_OFF, None, "", "")])  # type: ignore[assignment]
    night = Night()
    with pytest.raises(ZeroDivisionError):
        night = released(sandbox, tmp_path, tasks, concurrency=4)
    assert night.events == []
    assert gone(on_record(tmp_path)) == set(sandbox.removed) and 5 <= len(sandbox.removed) <= 13


def test_why_it_stopped_names_the_mistake(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small(3))
    why: list[object] = []

    async def main() -> None:
        with tools_on(tmp_path) as tools:
            work = task()
            work.phone_number = 7  # type: ignore[assignment]  # a mistake of ours
            work.held = (7,)  # type: ignore[assignment]
            with pytest.raises(AttributeError):
                await release_all([work], service_of(sandbox), tools, 1, lambda _: None)
            why.append((tools.stop.why, tools.stop.detail.partition(":")[0]))

    asyncio.run(main())
    assert why == [(Stopped.BUG, "AttributeError")] and sandbox.log == []


def test_the_ledger_holds_one_chain_whoever_wrote_first(start_sandbox: Start, tmp_path: Path):
    sandbox = start_sandbox(small(40), faults=FaultPlan.sometimes(0.3, "drop_after", "500_before", "429"))
    night = released(sandbox, tmp_path, [task(n) for n in range(1, 41)], concurrency=16)
    assert night.outcomes[Outcome.RELEASED] == len(sandbox.removed)
    with Reader(tmp_path) as ledger:
        assert ledger.broken_link(RUN, ledger.head(RUN)) is None
        for number in range(1, 41):
            entries: list[Entry] = [entry for _, entry in ledger.life(f"phn_{number}")]
            assert [entry.kind for entry in entries].count(Kind.SETTLED) == 1
            assert entries[0].kind is Kind.INTENT and entries[-1].kind is Kind.SETTLED
