"""Time as instants, measures and waits."""

import asyncio
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decom.clock import SystemClock, iso, parse_iso


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 23, 18, 57, 57, 120_000, tzinfo=UTC), "2026-11-23T18:57:57.120Z"),
        (datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01T00:00:00.000Z"),
        (datetime(2026, 1, 1, 0, 0, 0, 999_999, tzinfo=UTC), "2026-01-01T00:00:00.999Z"),
        (datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=5, minutes=30))), "2025-12-31T20:30:00.000Z"),
    ],
)
def test_an_instant_is_written_in_utc_with_milliseconds(moment, text):
    assert iso(moment) == text


zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1971, 1, 1), datetime(9998, 1, 1), timezones=zones))  # noqa: DTZ001 - bounds alone
def test_an_instant_comes_back_to_the_millisecond_and_sorts_as_it_should(moment):
    found = parse_iso(iso(moment))
    assert timedelta() <= moment - found < timedelta(milliseconds=1)
    assert iso(found) == iso(moment)
    later = moment + timedelta(milliseconds=1)
    assert iso(moment) < iso(later)


@pytest.mark.parametrize("text", ["2026-11-23T18:57:57", "2026-11-23", "", "yesterday", "2026-13-01T00:00:00Z"])
def test_an_instant_without_a_zone_is_none(text):
    with pytest.raises(ValueError, match=r".+"):
        parse_iso(text)


def test_the_machines_clock_tells_the_time_in_utc():
    before = datetime.now(UTC)
    found = SystemClock().now()
    assert before <= found <= datetime.now(UTC)
    assert found.utcoffset() == timedelta()


def test_the_machines_clock_measures_and_waits_on_the_monotonic_one():
    clock = SystemClock()

    async def main() -> float:
        started = clock.monotonic()
        await clock.sleep(0.02)
        return clock.monotonic() - started

    assert 0.019 <= asyncio.run(main()) < 5.0
    before = time.monotonic()
    assert before <= clock.monotonic() <= time.monotonic()
