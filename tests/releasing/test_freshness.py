"""Hours after the look just before: what came to be held, or to mean another number, is not released.

On a virtual clock, against the simulation's account: a night of releases takes a moment.
"""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.clock import iso
from decom.dialnexa.connection import Endpoint, Key
from decom.dialnexa.envelopes import Page
from decom.dialnexa.models import Number
from decom.dialnexa.pacing.pacer import Pacer
from decom.dialnexa.pacing.rate import Fixed, Pace
from decom.dialnexa.retrying import RetryPolicy
from decom.dialnexa.service import Service
from decom.ledger import records
from decom.ledger.reader import Reader
from decom.ledger.records import Kind, Settled
from decom.ledger.writer import Writer
from decom.planning.guards import Extent, Limits
from decom.planning.holds.kinds import HOLDS
from decom.planning.plan import PlannedRow, Source
from decom.releasing.freshness import EVERY, MOST_SHARE
from decom.releasing.part import Session, carry_out
from decom.releasing.refresh import read_meanings
from decom.releasing.stopping import StopSignal
from decom.vocabulary import Decision, Outcome, SourceState, Stopped
from tests.planning.plans import RUN, head, planned
from tests.service.limits import ANNOUNCING, Announced, FromFirst
from tests.simulation.faults import Faults
from tests.simulation.loop import VirtualClock, VirtualLoop
from tests.simulation.seen import Request
from tests.simulation.service import VirtualService, Wire
from tests.simulation.voice import Answer, Voice, error
from tests.simulation.world import CAMPAIGNS, Call, Hold, Workspace

BASE = "/v1"
KEY = "key_7:secret"
SLOW = Pace(Fixed(20, 60.0), 0.0)
"""One request in three seconds: 250 numbers take a quarter of an hour, and few of them an age."""
READING = 370.0
"""When the first reading has begun, as enough releases have left by then."""
SOURCES = (Source("campaigns", SourceState.CHECKED, "0 campaigns, 0 of them not over"),)


def at_most(requests: int, seconds: float) -> Announced:
    """The server's own limit."""
    return Announced(FromFirst(requests, seconds), ANNOUNCING["seconds, rounded up"])


def calls_from(number: str, written: str) -> Call:
    """The number that a campaign means, and how it writes it."""
    return Call(number, {"from_phone_number": written}, readable=written != "")


@dataclass
class Release:
    """One part of a run of numbers, from its first request to its end."""

    home: Path
    count: int = 250
    pace: Pace = SLOW
    concurrency: int = 3
    plan_ttl: timedelta = timedelta(days=1)
    limit: Announced | None = None
    jumps: Sequence[tuple[float, float]] = ()
    sources: tuple[Source, ...] = SOURCES
    """Those that the plan had read."""
    accepted: tuple[str, ...] = ()
    """Those that may stay unread."""
    speaking: type[Voice] = Voice
    loop: VirtualLoop = field(default_factory=VirtualLoop)
    stop: StopSignal | None = None

    def __post_init__(self) -> None:
        self.world = Workspace(numbers={f"phn_{n}": f"+1415555{n:04}" for n in range(1, self.count + 1)}, key=KEY)
        chance = random.Random(2)
        self.server = VirtualService(
            self.world, self.speaking(), Faults(1), BASE, settle=60.0, chance=chance, limit=self.limit
        )
        self.clock = VirtualClock(self.loop, self.jumps)
        self.busy = self.busiest = 0
        """Requests in flight now, and at most."""

    def at(self, when: float, action: Callable[[], None]) -> None:
        """Something happens on the account at that second."""
        self.world.at(when, action)

    def schedule_campaign(self, number: int) -> None:
        """A campaign that will call from this number: the service releases it all the same."""
        meant = f"+1415555{number:04}"
        self.world.start(Hold(CAMPAIGNS, f"cmp_{number}", "scheduled", (calls_from(meant, meant),)))

    def start_campaign_without_number(self) -> None:
        """An active campaign that does not say from which number."""
        self.world.start(Hold(CAMPAIGNS, "cmp_without_number", "active", (calls_from("", ""),)))

    def done(self) -> dict[str, Settled]:
        """Carry it out; what became of each number that anything became of."""
        made_at = iso(self.clock.now())
        rows = [self._row(n) for n in range(1, self.count + 1)]
        self.loop.run(self._carried_out(rows, made_at))
        with Reader(self.home) as ledger:
            lives = [entry for n in range(1, self.count + 1) for _, entry in ledger.life(f"phn_{n}")]
        settled = [records.settled(entry.body) for entry in lives if entry.kind is Kind.SETTLED]
        assert len({each.number_id for each in settled}) == len(settled)
        return {each.number_id: each for each in settled}

    def _row(self, number: int) -> PlannedRow:
        name = f"phn_{number}"
        return planned(number, Decision.RELEASE, number_id=name, phone_number=self.world.numbers[name])

    async def _carried_out(self, rows: list[PlannedRow], made_at: str) -> None:
        chance = random.Random(1)
        endpoint = Endpoint(f"https://api.example{BASE}", Key(KEY))
        pacer = Pacer(self.pace, self.clock, chance)
        service = Service(
            endpoint, pacer, RetryPolicy(self.clock, chance), lambda: Wire(self.server, self.loop, self._on)
        )
        part = Session(
            head=head(made_at=made_at, sources=self.sources, accept_unchecked=self.accepted, account_size=self.count),
            releases=rows,
            planned=Extent(len(rows), self.count, 0, len(rows)),
            stories={},
            others={},
            holds=HOLDS,
            concurrency=self.concurrency,
            timeout=30.0,
            settle=60.0,
            limits=Limits(self.count, 1.0, 1.0),
            plan_ttl=self.plan_ttl,
            protected=frozenset(),
        )
        self.stop = StopSignal()
        with Writer(self.home, RUN, self.clock) as ledger:
            await carry_out(part, service, ledger, self.stop, lambda _: None)

    async def _on(self, event: str) -> None:
        self.busy += (event == "arrival") - (event in ("answered", "dropped"))
        self.busiest = max(self.busiest, self.busy)

    @property
    def why(self) -> Stopped | None:
        assert self.stop is not None
        return self.stop.why

    def requests(self, method: str, path: str = "") -> list[Request]:
        return [each for each in self.server.log if each.method == method and path in each.target]

    def read_again(self, path: str = "/campaigns") -> list[float]:
        """When something was read after the first release had left."""
        first = self.requests("DELETE")[0].seq
        return [each.arrived for each in self.requests("GET", path) if each.seq > first]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def sent(release: Release) -> set[str | None]:
    return {each.number_id for each in release.requests("DELETE")}


# --- Every few minutes ------------------------------------------------------------------------------------------


def test_a_number_that_came_to_be_held_after_the_look_just_before_is_not_released(home: Path):
    release = Release(home)
    release.at(60.0, lambda: release.schedule_campaign(250))
    found = release.done()
    assert found["phn_250"].outcome is Outcome.CONFLICTED and "cmp_250" in found["phn_250"].reason
    assert found["phn_250"].conflicts == (("campaigns", "cmp_250", "calls cmp_250", "scheduled"),)
    assert "phn_250" not in sent(release)
    assert {each.outcome for name, each in found.items() if name != "phn_250"} == {Outcome.RELEASED}


def test_an_id_that_came_to_mean_another_number_is_not_released(home: Path):
    release = Release(home)
    release.at(60.0, lambda: release.world.reassign("phn_249"))
    found = release.done()
    assert (found["phn_249"].outcome, found["phn_249"].evidence) == (Outcome.NOT_ATTEMPTED, "stopped:changed")
    assert "phn_249" not in sent(release)
    assert sum(1 for each in found.values() if each.outcome is Outcome.RELEASED) == 249


def test_a_number_that_came_to_be_in_somebody_elses_hands_is_not_released(home: Path):
    release = Release(home)
    release.at(60.0, lambda: release.world.dress.update(phn_248={"status": "port_out_pending"}))
    found = release.done()
    assert found["phn_248"].outcome is Outcome.CONFLICTED
    assert found["phn_248"].conflicts == (("number-status", "phn_248", "", "port_out_pending"),)
    assert "phn_248" not in sent(release)


def test_it_is_read_again_every_few_minutes_and_that_takes_a_small_share_of_the_requests(home: Path):
    release = Release(home, count=700)
    release.done()
    campaigns, numbers = release.read_again(), release.read_again("/organization-phone-numbers?")
    assert len(campaigns) >= 4 and len(numbers) >= 8
    assert all(EVERY <= later - earlier < 3 * EVERY for earlier, later in pairwise(campaigns))
    again = [each for each in release.requests("GET") if each.seq > release.requests("DELETE")[0].seq]
    assert len(again) <= MOST_SHARE * len(release.server.log)


def test_no_more_requests_are_in_flight_than_allowed_while_it_is_read_again(home: Path):
    for concurrency in (1, 3):
        release = Release(home.with_name(str(concurrency)), concurrency=concurrency)
        release.done()
        assert len(release.read_again()) > 0 and release.busiest <= concurrency


def test_a_short_run_reads_nothing_again(home: Path):
    release = Release(home, count=100)
    release.done()
    assert release.read_again() == []


# --- After a long pause -----------------------------------------------------------------------------------------


def test_after_a_long_wait_that_the_service_asked_for_it_is_read_again_before_anything_is_sent(home: Path):
    release = Release(home, count=30, pace=Pace(Fixed(600, 60.0), 0.0), limit=at_most(20, 400.0))
    release.at(200.0, lambda: release.schedule_campaign(30))
    found = release.done()
    assert found["phn_30"].outcome is Outcome.CONFLICTED and "phn_30" not in sent(release)
    assert sum(1 for each in found.values() if each.outcome is Outcome.RELEASED) == 29
    before, after = (
        [each for each in release.requests("DELETE") if (each.arrived > 200.0) is late] for late in (False, True)
    )
    assert len(before) > 5 and len(after) > 5
    assert 200.0 < release.read_again()[0] < after[0].arrived


def test_a_wait_within_the_look_just_before_is_followed_by_another_look(home: Path):
    release = Release(home, count=30, pace=Pace(Fixed(600, 60.0), 0.0), limit=at_most(2, 400.0))

    def meanwhile() -> None:
        release.schedule_campaign(30)
        release.server.limit = at_most(1_000, 60.0)

    release.at(200.0, meanwhile)  # campaigns were read already, and the next source is told to wait
    found = release.done()
    assert found["phn_30"].outcome is Outcome.CONFLICTED and "phn_30" not in sent(release)
    assert sum(1 for each in found.values() if each.outcome is Outcome.RELEASED) == 29


def test_a_machine_that_slept_reads_again_before_it_goes_on(home: Path):
    """Its monotonic clock stood still meanwhile, and the wall clock did not."""
    release = Release(home, count=60, jumps=[(20.0, 7_200.0)])
    release.at(20.0, lambda: release.schedule_campaign(60))
    found = release.done()
    assert found["phn_60"].outcome is Outcome.CONFLICTED and "phn_60" not in sent(release)
    assert len(release.read_again()) == 1


# --- What cannot be read any more -------------------------------------------------------------------------------


def hidden(release: Release, *, hide: bool = True) -> Callable[[], None]:
    def happens() -> None:
        release.world.may_read_holds = not hide

    return happens


def test_a_source_that_cannot_be_read_any_more_holds_everything_back_and_stops_the_run(home: Path):
    release = Release(home)
    release.at(60.0, hidden(release))
    found = release.done()
    assert release.why is Stopped.GUARD
    assert {each.evidence for each in found.values()} == {"answered_2xx", "stopped:guard"}
    asked = release.read_again()
    assert len(asked) == 5, "it is tried again for some minutes"
    assert [each for each in release.requests("DELETE") if each.arrived > asked[0] + 2.0] == []
    assert 100 < sum(1 for each in found.values() if each.outcome is Outcome.RELEASED) < 200


def test_a_hold_that_is_known_holds_although_its_source_cannot_be_read_any_more(home: Path):
    """Somebody accepted that it stays unread; what it did say counts all the same, and goes on counting."""
    release = Release(home, count=300, accepted=("campaigns",))
    release.at(60.0, lambda: release.schedule_campaign(300))
    release.at(60.0, release.start_campaign_without_number)
    release.at(READING + 40.0, hidden(release))
    found = release.done()
    assert len(release.read_again()) >= 2
    assert found["phn_300"].outcome is Outcome.CONFLICTED and "phn_300" not in sent(release)


def test_a_source_that_can_be_read_again_in_time_lets_the_run_go_on(home: Path):
    release = Release(home)
    release.at(60.0, hidden(release))
    release.at(60.0, lambda: release.schedule_campaign(250))
    release.at(READING + 40.0, hidden(release, hide=False))
    found = release.done()
    assert release.why is None and len(found) == 250
    assert found["phn_250"].outcome is Outcome.CONFLICTED and "phn_250" not in sent(release)


class RevokedForReading(Voice):
    """A service whose key may release, and reads nothing any more after a minute."""

    def read(self, world: Workspace, path: str, query: Mapping[str, str], stale: float = 0.0) -> Answer:
        return error(401, "Invalid API key") if world.now > 60.0 else Voice.read(self, world, path, query, stale)


def test_a_key_that_is_refused_at_reading_again_stops_the_run(home: Path):
    release = Release(home, speaking=RevokedForReading)
    release.done()
    assert release.why is Stopped.KEY
    (refused,) = release.read_again()
    assert all(each.arrived < refused + 2.0 for each in release.requests("DELETE"))


def test_a_stop_while_it_is_read_again_is_not_kept_waiting(home: Path):
    release = Release(home)
    release.at(60.0, hidden(release))
    release.loop.call_at(READING + 10.0, lambda: release.stop.ask(Stopped.SIGTERM))  # type: ignore[union-attr]
    release.done()
    assert release.why is Stopped.SIGTERM and release.loop.time() < READING + 11.0
    assert 0 < len(release.read_again()) < 5


# --- The plan's age ---------------------------------------------------------------------------------------------


def test_nothing_is_sent_once_the_plan_has_become_too_old(home: Path):
    release = Release(home, count=100, plan_ttl=timedelta(seconds=90))
    found = release.done()
    assert release.why is Stopped.STALE_PLAN
    assert all(each.arrived <= 91.0 for each in release.requests("DELETE"))
    assert 20 < sum(1 for each in found.values() if each.outcome is Outcome.RELEASED) < 40
    left = {each.evidence for each in found.values() if each.outcome is not Outcome.RELEASED}
    assert left <= {"stopped:stale_plan"}


# --- A listing that is read while numbers leave it --------------------------------------------------------------


class Leaving:
    """An account whose numbers leave it between any two pages."""

    def __init__(self, count: int, size: int, leave: list[int]) -> None:
        self.rows = [Number(f"phn_{n}", f"+1415555{n:04}") for n in range(count)]
        self._size, self._leave = size, leave

    async def first_numbers(self) -> Page:
        return Page(self.rows[: self._size], len(self.rows))

    async def numbers_on(self, page_number: int) -> tuple[Number, ...]:
        shown = self.rows[(page_number - 1) * self._size : page_number * self._size]
        if len(self._leave) > 0 and len(self.rows) > 0:
            self.rows.pop(self._leave.pop() % len(self.rows))
        return tuple(shown)


@given(st.integers(1, 60), st.integers(1, 10), st.lists(st.integers(0, 100), max_size=40))
def test_no_number_that_stays_is_overlooked_while_others_leave(count: int, size: int, leave: list[int]):
    account = Leaving(count, size, leave)

    async def seen() -> set[str]:
        found = read_meanings(account, {f"phn_{n}" for n in range(1_000)})  # type: ignore[arg-type]
        return {number.id async for number in found}

    found = asyncio.run(seen())
    assert {row.id for row in account.rows} <= found
