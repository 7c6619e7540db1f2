"""When a run may work: windows past midnight and through changes of the clock, deadlines."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from decom.errors import Refused
from decom.releasing.hours import Hours, ending_in_time, parse_window
from decom.releasing.stopping import StopSignal
from decom.vocabulary import Stopped

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("window", "moment", "hours_left"),
    [
        ("09:00-17:00", "2026-06-01T09:00", 8),
        ("09:00-17:00", "2026-06-01T16:59", 1 / 60),
        ("09:00-17:00", "2026-06-01T17:00", None),
        ("09:00-17:00", "2026-06-01T08:59", None),
        ("22:00-05:00", "2026-06-01T22:00", 7),
        ("22:00-05:00", "2026-06-02T04:00", 1),
        ("22:00-05:00", "2026-06-02T05:00", None),
        ("22:00-05:00", "2026-06-01T21:59", None),
        # The night in which clocks go back is an hour longer, the one in which they go forward an hour shorter.
        ("22:00-05:00", "2026-10-24T22:00", 8),
        ("22:00-05:00", "2026-03-28T22:00", 6),
        # 28 March 2027: at 02:00 the clocks of Berlin go to 03:00, and never show what lies between.
        ("02:30-03:30", "2027-03-28T01:59", None),
        ("02:30-03:30", "2027-03-28T03:00", 0.5),
        ("02:30-03:30", "2027-03-28T03:30", None),
        ("01:30-02:30", "2027-03-28T01:30", 0.5),
        ("01:30-02:30", "2027-03-28T03:00", None),
        ("02:15-02:45", "2027-03-28T01:59", None),
        ("02:15-02:45", "2027-03-28T03:15", None),
        ("22:00-02:30", "2027-03-27T22:00", 4),
        # 25 October 2026: at 03:00 they go back to 02:00, and show that hour twice. Its first time counts.
        ("02:30-03:30", "2026-10-25T02:30", 2),
        ("01:30-02:30", "2026-10-25T01:30", 1),
        ("02:15-02:45", "2026-10-25T02:15", 0.5),
        ("22:00-02:30", "2026-10-24T22:00", 4.5),
    ],
)
def test_a_window_knows_how_long_it_is_open(window: str, moment: str, hours_left: float | None) -> None:
    left = parse_window(window, BERLIN).seconds_left(at(moment))
    assert left == (None if hours_left is None else pytest.approx(hours_left * 3600))


@pytest.mark.parametrize("window", ["01:30-02:30", "02:15-02:45", "22:00-02:30"])
def test_a_window_does_not_open_again_when_an_hour_comes_again(window: str) -> None:
    again = datetime(2026, 10, 25, 2, 20, tzinfo=BERLIN, fold=1).astimezone(UTC)
    assert parse_window(window, BERLIN).seconds_left(again) is None


@given(
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"]),
    moment=st.datetimes(datetime(2011, 1, 1), datetime(2030, 1, 1)),  # noqa: DTZ001 - it is given its zone below
    times=st.tuples(st.times(), st.times()),
)
@example("Europe/Berlin", datetime(2027, 3, 28, 3, 10), (time(2, 30), time(3, 30)))  # noqa: DTZ001
@example("Australia/Lord_Howe", datetime(2027, 10, 3, 2, 40), (time(2, 15), time(2, 45)))  # noqa: DTZ001
@example("Pacific/Apia", datetime(2011, 12, 31, 0, 10), (time(23, 0), time(1, 0)))  # noqa: DTZ001
def test_a_window_is_open_when_the_clock_on_the_wall_says_so(zone: str, moment: datetime, times) -> None:
    begin, end = (each.replace(second=0, microsecond=0, tzinfo=None) for each in times)
    here = ZoneInfo(zone)
    now = moment.replace(tzinfo=here).astimezone(UTC)
    before, after = ((now + timedelta(hours=hours)).astimezone(here).utcoffset() or timedelta() for hours in (-48, 48))
    goes_back = before > after
    if begin == end or goes_back:  # an hour that comes twice is counted once, whichever it is
        return
    wall = now.astimezone(here).time()
    on_the_wall = begin <= wall < end if begin < end else not end <= wall < begin
    left = parse_window(f"{begin:%H:%M}-{end:%H:%M}", here).seconds_left(now)
    assert (left is not None) == on_the_wall


@given(st.datetimes(timezones=st.just(UTC)), st.times(), st.times())
def test_a_window_and_the_rest_of_the_day_never_both_hold_a_moment(moment: datetime, begin, end) -> None:
    begin, end = begin.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    if begin == end:
        return
    now = min(max(moment, at("1970-01-03T00:00")), at("2200-01-01T00:00"))
    zone = ZoneInfo("UTC")
    inside = parse_window(f"{begin:%H:%M}-{end:%H:%M}", zone).seconds_left(now)
    outside = parse_window(f"{end:%H:%M}-{begin:%H:%M}", zone).seconds_left(now)
    assert (inside is None) != (outside is None)
    left = inside if inside is not None else outside
    assert left is not None
    assert 0 < left <= 86_400


@pytest.mark.parametrize("text", ["", "22-05", "25:00-05:00", "22:00-22:00", "22:00–05:00", "22:00-05:00x"])
def test_what_is_no_window_is_refused_with_an_example_or_a_reason(text: str) -> None:
    with pytest.raises(ValueError, match="is not a valid window"):
        parse_window(text, None)


class Clock:
    """A clock that is moved by hand: whoever sleeps wakes when told that so much time has passed."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._sleeping: list[tuple[float, asyncio.Event]] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self._sleeping.append((self.monotonic() + seconds, woken))
        await woken.wait()

    async def pass_by(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self._now += timedelta(seconds=seconds)
        for due, woken in self._sleeping:
            if due <= self.monotonic():
                woken.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("hours", "seconds", "why"),
    [
        (Hours(deadline=60.0), 60, Stopped.DEADLINE),
        (Hours(parse_window("22:00-05:00", BERLIN)), 3600, Stopped.WINDOW),
        (Hours(parse_window("22:00-05:00", BERLIN), deadline=7200.0), 3600, Stopped.WINDOW),
        (Hours(parse_window("22:00-05:00", BERLIN), deadline=1800.0), 1800, Stopped.DEADLINE),
    ],
)
def test_a_run_is_asked_to_stop_when_its_time_is_over_and_not_before(
    hours: Hours, seconds: float, why: Stopped
) -> None:
    async def night() -> None:
        clock, stop = Clock(at("2026-06-02T04:00")), StopSignal()
        async with ending_in_time(hours, stop, clock):
            await clock.pass_by(seconds - 1)
            assert not stop.asked
            await clock.pass_by(1)
            assert stop.why is why

    asyncio.run(night())


def test_outside_its_window_nothing_begins() -> None:
    async def noon() -> None:
        async with ending_in_time(
            Hours(parse_window("22:00-05:00", BERLIN)), StopSignal(), Clock(at("2026-06-02T12:00"))
        ):
            raise AssertionError("it began")

    with pytest.raises(Refused, match="outside the allowed window 22:00-05:00"):
        asyncio.run(noon())
